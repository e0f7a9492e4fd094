// SPDX-License-Identifier: MIT
// queue.h - POSIX message queues: open files of EVENT_QUEUE. handle: the queue's connection, the
// same for all its openers; detail[0]: the flags it was opened with, detail[1]: a letter's most
// bytes.
#pragma once

#include "lib/posix/event/kinds.h"
#include "lib/posix/linux/time.h"

NONNULL_BEGIN

static inline bool event_is_queue(const struct file *file)
{
	return file->description->kind == FILE_EVENT && file->description->tree == EVENT_QUEUE;
}

// The file of a queue's descriptor; -EBADF. Ends with file_put.
i64 queue_get(struct posix_thread *self, i32 number, struct file *out);

// queue_notice.c. One that was asked for by this process is forgotten: its descriptor goes.
void queue_closed(const struct file *file);

// What the time's helper calls for keys from here on (time/helper.c).
constexpr u64 QUEUE_NOTICE_KEY = 1ull << 32;
void queue_noticed(u64 key);

NONNULL_END
