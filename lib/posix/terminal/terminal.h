// SPDX-License-Identifier: MIT
// terminal.h - what the files of this folder share.
#pragma once

#include "ifc/tty.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/thread.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/process/process.h"

NONNULL_BEGIN

static inline tty_t terminal_of(const struct file *file)
{
	return (tty_t){ file->handle };
}

static inline proc_t terminal_proc(void)
{
	return (proc_t){ posix_self()->identity.connection };
}

// A number that no other call to tty has.
static inline u64 terminal_serial(void)
{
	return (u64)posix_self()->identity.pid << 32 | process_serial();
}

// What tty is told of the caller, for job control: session and group.
static inline u64 terminal_who(void)
{
	const struct proc_slot *slot = identity_slot(&posix_self()->identity);
	return (u64)slot->session << 32 | slot->group;
}

static inline u32 terminal_wait_flags(const struct file *file)
{
	return file_flags(file) & TTY_NONBLOCK;
}

// A service that died twice with a call gave it up, not its serial: it is made again, so often.
constexpr u32 TERMINAL_TRIES = 64;

i64 terminal_error(err_t err);
// The caller is in the background. 0: it may go on all the same (and says so with who 0); else what
// the call answers: -ERESTARTSYS after the signal, -EIO.
i64 terminal_background(struct posix_thread *self, u32 signal);
i64 terminal_control(struct posix_thread *self, const struct file *file, u32 request, u64 argument);
// An open end as a new descriptor.
i64 terminal_peer(struct posix_thread *self, const struct file *file, u32 flags);

NONNULL_END
