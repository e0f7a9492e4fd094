// SPDX-License-Identifier: MIT
// signal_watch.h - signal descriptors among what poll and epoll wait for: signals that the program
// blocks and reads. They must end the wait, without being delivered.
#pragma once

#include "lib/posix/event/epoll.h"

NONNULL_BEGIN

// The signals of a file, if it is a signal descriptor; else none.
u64 signal_watch_set(const struct file *file);
u64 signal_watch_of_set(struct epoll_set *set);
// Opens the mask for them; answers what begin's mask was. end: it is as before; an interruption by
// one of them alone is OK: look again.
u64 signal_watch_begin(struct posix_thread *self, u64 signals);
err_t signal_watch_end(struct posix_thread *self, u64 signals, u64 mask, err_t err);

NONNULL_END
