// SPDX-License-Identifier: MIT
// stream.h - the kernel's streams as pipes and sockets use them.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN

// How a transfer waits and what it does to a broken stream.
struct stream_way {
	handle_t handle;
	u64 deadline;   // 0: not at all
	bool is_silent; // no SIGPIPE
};

// Bytes, 0 at the end, or -errno.
i64 stream_take_bytes(
	struct posix_thread *self, const struct stream_way *way, u64 address, u64 size);
// All of size, unless a signal or the deadline ends it after a part.
i64 stream_put_bytes(
	struct posix_thread *self, const struct stream_way *way, u64 address, u64 size);
// The same out of the library's own memory, whole: for messages of at most PIPE_BUF bytes.
i64 stream_put_view(
	struct posix_thread *self, const struct stream_way *way, view_t data, u32 handles);
i64 stream_take_span(
	struct posix_thread *self, const struct stream_way *way, span_t data, u32 *_Nullable handles);

// DEADLINE_NEVER, or 0 if the open file does not want to wait.
u64 stream_deadline(const struct file *file);
// SIGPIPE to the caller, unless silent; -EPIPE.
i64 stream_broken(struct posix_thread *self, bool is_silent);

// Bytes that wait to be read at an end.
u64 stream_waiting(handle_t handle);

// Numbers for st_ino of what has no inode: for description->inode.
u32 event_inode(void);
void stream_stat(const struct file *file, u32 mode, struct linux_stat *out);

NONNULL_END
