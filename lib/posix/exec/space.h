// SPDX-License-Identifier: MIT
// space.h - what a planned program needs in memory: the program, its loader, its stack, as pieces
// for the lower half; and the library's parts in the upper half of a fresh address space.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/exec/load.h"
#include "lib/posix/exec/plan.h"

NONNULL_BEGIN

// Where the new program begins and what it starts with; exec hands it to the library in there.
struct exec_space {
	handle_t process; // owned; MANAGE. HANDLE_NONE: there is none, it stays in this space
	struct loaded program, loader;
	u64 vdso;
	u64 break_start;
	u64 stack_low, stack_top;
	struct stack_layout stack;
};

// The program and its loader; with a fresh space the library too, and they are mapped. An error,
// here and below, leaves the pieces and the process to whoever made them.
err_t space_fill(const struct exec_plan *plan, struct exec_space *space, struct pieces *pieces);
// The stack, which says who the program runs for: credentials are settled before.
err_t space_fill_stack(
	const struct exec_plan *plan, struct exec_space *space, struct pieces *pieces);
// The library's private parts, as they are now: the process area, and slot 0 of the thread area
// with this thread in it.
err_t space_copy_library(const struct exec_space *space, const struct posix_thread *thread);

NONNULL_END
