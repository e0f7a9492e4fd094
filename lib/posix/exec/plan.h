// SPDX-License-Identifier: MIT
// plan.h - all that an exec has read and checked before it changes anything: the program, its
// loader (what PT_INTERP names), its texts. Lies on the library's stack while execve runs, since
// what is in the heap would be copied.
#pragma once

#include "lib/posix/exec/open.h"
#include "lib/posix/exec/program.h"
#include "lib/posix/exec/stack.h"

NONNULL_BEGIN

constexpr u64 EXEC_STRING_MAX = 32 * PAGE_SIZE; // MAX_ARG_STRLEN, with its zero

constexpr usize GATHERED_FEW = 2048;

// Texts while they are gathered: at first in few, then in memory of their own that grows.
struct gathered {
	span_t room; // few, or owned: scratch
	usize used;
	u64 count;
	u8 few[GATHERED_FEW];
};

struct exec_plan {
	struct exec_file file;
	struct exec_file loader; // of PT_INTERP; memory none: the program wants none
	// What the file must be, and a copy of it to run instead; memory none: whatever the path leads
	// to.
	struct exec_file approved;
	struct program program;
	struct program loader_program;
	struct gathered arguments, environment;
	u64 texts_max; // bytes that each, with its pointers, may have
	u64 path_size; // of what execve was called with, also AT_EXECFN
	u8 path[EXEC_PATH_MAX];
	u8 file_path[EXEC_PATH_MAX]; // file.room
	u8 scratch[EXEC_PATH_MAX];   // paths and tables while they are looked at
};

// Both: -E2BIG when texts and pointers would be more than limit bytes, -ENOMEM.
i64 gather(struct gathered *gathered, view_t text, u64 limit);
// From a list of pointers in the program's memory that ends with 0; list 0: none. Also -EFAULT.
i64 gather_user(struct gathered *gathered, u64 list, u64 limit);
// Takes what another one has instead of what is there.
void gathered_move(struct gathered *to, struct gathered *from);
void gathered_init(struct gathered *gathered);
void gathered_free(struct gathered *gathered);

// Zeroed memory outside of the heap, by pages. Empty: there is none.
span_t scratch_take(usize size);
void scratch_give(span_t scratch);

static inline view_t plan_path(const struct exec_plan *plan)
{
	return view_clamp(view_of(plan->path), 0, plan->path_size);
}

// A plan without a program yet; it may be uninitialized memory.
void plan_init(struct exec_plan *plan);
void plan_fini(struct exec_plan *plan); // closes and frees all that it holds
// Opens what plan->path says, follows `#!` (which changes the arguments), reads the headers of the
// program and of its loader. 0, -ENOEXEC, -ELOOP, or what opening answers.
i64 plan_find(struct posix_thread *self, struct exec_plan *plan, i32 directory, u32 flags);

NONNULL_END
