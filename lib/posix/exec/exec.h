// SPDX-License-Identifier: MIT
// exec.h - this process as another program.
#pragma once

#include "lib/posix/exec/plan.h"
#include "lib/posix/exec/space.h"

NONNULL_BEGIN

// What the new program's library must know of the exec that began it. Lies in the heap, so that it
// is copied (struct area_state: starting).
struct exec_record {
	struct exec_space space;
	u64 arguments_size, environment_size;
	char name[16];
	span_t path; // owned, heap; the program's
};

// The plan's path and texts are filled in. If all goes well it does not come back. Else the process
// is what it was, and the answer is -errno.
i64 exec_plan_run(struct posix_thread *self, struct exec_plan *plan, i32 directory, u32 flags);

NONNULL_END
