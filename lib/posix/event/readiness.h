// SPDX-License-Identifier: MIT
// readiness.h - what an open file is ready for, and what to wait on in the kernel: the ground of
// poll, select and epoll.
#pragma once

#include "lib/posix/file/operations.h"
#include "lib/posix/linux/poll.h"

NONNULL_BEGIN

// A kernel object's bits as they are now.
u32 handle_signals(handle_t handle);

// Poll events that hold now, of those wanted and those that are always told.
u32 file_ready(struct posix_thread *self, const struct file *file, u32 wanted);

// The same when an event of the kernel brought the bits: often without a call.
u32 file_ready_by_bits(struct posix_thread *self, const struct file *file, u32 wanted, u32 bits);

// Where to wait for poll events: at most one handle for input and one for output. handle
// HANDLE_NONE: nothing. Both the same: only the first, with the bits of both.
struct watch {
	handle_t handle;
	u32 bits;
};
constexpr u32 WATCHES = 2;
struct watches {
	struct watch watch[WATCHES];
};
void file_watches(const struct file *file, u32 wanted, struct watches *out);
// Something that never changes: always ready, cannot be put into an epoll set.
bool file_is_constant(const struct file *file);

NONNULL_END
