// SPDX-License-Identifier: MIT
// first.h - what the first program of a POSIX process is started with, when there was no exec
// before: cmd/birth puts it into the process area, right behind struct posix; the library reads it
// in the first thread (program_first). Portable: birth includes it.
#pragma once

#include "lib/posix/core/posix.h"

NONNULL_BEGIN

constexpr u32 FIRST_TEXT_MAX = 4096;

struct exec_first {
	u32 starting;                // futex: 1 while the native thread that fills all this in is there
	u32 inode, generation;       // of the program, if it took another's place (handed.h)
	handle_t contents;           // owned; of the program then; HANDLE_NONE: it is the first one
	handle_t texts, descriptors; // owned; what was handed over
	u32 arguments, environment;  // texts
	u32 text_size;
	char text[FIRST_TEXT_MAX]; // the program's path, arguments, environment; each with its zero
};

static inline struct exec_first *exec_first(void)
{
	UNSAFE_BEGIN("birth put it there, in memory that it mapped")
	return (struct exec_first *)(PROCESS_AREA + ((sizeof(struct posix) + 63) & ~63ull));
	UNSAFE_END
}

NONNULL_END
