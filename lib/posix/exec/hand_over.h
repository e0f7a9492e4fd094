// SPDX-License-Identifier: MIT
// hand_over.h - running a file that lends powers: by a fresh process in this one's place
// (docs/decisions/034).
#pragma once

#include "lib/posix/exec/plan.h"

NONNULL_BEGIN

struct exec_first;

// Does not come back if the file lends the caller something. 0: it does not, so that the program
// runs as any other; -errno: nothing happened.
i64 exec_hand_over(struct posix_thread *self, const struct exec_plan *plan);
// In the fresh process: fills the plan with what was handed over, and takes over files and signals.
i64 exec_taken_over(struct posix_thread *self, struct exec_plan *plan, struct exec_first *first);

NONNULL_END
