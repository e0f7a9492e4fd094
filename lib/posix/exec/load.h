// SPDX-License-Identifier: MIT
// load.h - a checked program into the address space of a process that has not run yet: segments are
// mapped from the file's memory object, text shared, data copy-on-write, the rest zeros.
#pragma once

#include "lib/posix/exec/program.h"

NONNULL_BEGIN

// Where a program went.
struct loaded {
	u64 base;    // what was added to the addresses it was linked for
	u64 entry;   // as loaded, and so on
	u64 headers; // 0: no segment shows them
	u64 low, end;
};

// base: 0 for a program that is not relocatable, else a multiple of program->alignment. An error
// may leave some of it mapped: the process is then of no use.
err_t load_program(
	handle_t process, handle_t file, const struct program *program, u64 base, struct loaded *out);
// Fresh zeros at a fixed address, or with address 0 where the kernel likes.
err_t load_zeros(handle_t process, u64 address, u64 size, u32 flags);

NONNULL_END
