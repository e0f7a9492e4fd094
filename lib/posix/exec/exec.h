// SPDX-License-Identifier: MIT
// exec.h - this process as another program.
#pragma once

#include "lib/posix/exec/plan.h"
#include "lib/posix/exec/space.h"

NONNULL_BEGIN

// An exec under way. Lies in the heap, so that the copy of it that the new program's library finds
// says what was done (struct area_state: starting).
struct exec_record {
	struct exec_plan *plan; // owned
	struct exec_space space;
};

// Takes the plan, whose path and texts are filled in. Does not come back if all goes well; else the
// process is what it was, and the answer is -errno.
i64 exec_take_plan(struct posix_thread *self, struct exec_plan *plan, i32 directory, u32 flags);

NONNULL_END
