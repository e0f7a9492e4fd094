// SPDX-License-Identifier: MIT
// event.h - the operations of this folder's kinds of open files, and what other folders ask of it.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN

extern const struct operations pipe_operations;   // FILE_PIPE
extern const struct operations socket_operations; // FILE_SOCKET
extern const struct operations event_operations;  // FILE_EVENT
extern const struct operations epoll_operations;  // FILE_EPOLL

// fcntl's F_GETPIPE_SZ (size 0) and F_SETPIPE_SZ: the capacity, or -EBADF if it is no pipe.
i64 pipe_capacity(const struct file *file, u64 size);
// The last descriptor of this process for a description goes: no epoll set watches it any more.
// For files of every kind, before their own close.
void event_closed(struct posix_thread *self, const struct file *file);

NONNULL_END
