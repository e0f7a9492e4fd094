// SPDX-License-Identifier: MIT
// call.h - what each Linux system call is in the library: a function of the calling thread and the
// six argument registers. table.c lists them by number; entry.S comes in and goes out.
#pragma once

#include "abi/types.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct posix_thread; // core/thread.h

struct arguments {
	u64 raw[6];
};

// Answers as Linux does: a value, or -errno (linux/errno.h). Needs no copy of the registers: those
// of the program are in self->registers, and fork, exec, sigreturn change them there.
typedef i64 posix_call(struct posix_thread *self, const struct arguments *arguments);

#define ARG(n) AT(arguments->raw, n)
// As Linux does, the high half of an int argument is not looked at.
#define ARG_INT(n) ((i32)AT(arguments->raw, n))
#define ARG_U32(n) ((u32)AT(arguments->raw, n))

NONNULL_END
