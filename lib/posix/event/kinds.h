// SPDX-License-Identifier: MIT
// kinds.h - the sorts of FILE_EVENT and what each does; description->tree says which it is.
#pragma once

#include "lib/posix/event/event.h"
#include "lib/posix/event/readiness.h"

NONNULL_BEGIN

enum event_sort : u16 {
	EVENT_COUNTER,
	EVENT_TIMER,
	EVENT_TIMER_REAL, // counts by the clock of the day
	EVENT_SIGNALS,
	EVENT_QUEUE,   // POSIX message queue (queue.h)
	EVENT_WATCHER, // inotify (watcher.c)
	EVENT_SORTS,
};

// Event bits that the library sets on the kernel object behind a counter.
enum event_signal : u32 { COUNTER_READABLE = 1u << 16, COUNTER_WRITABLE = 1u << 17 };

static inline bool event_is_timer(const struct file *file)
{
	return file->description->tree == EVENT_TIMER || file->description->tree == EVENT_TIMER_REAL;
}

// A new open file of a sort; takes the handle, also on failure. flags: O_NONBLOCK, O_CLOEXEC.
i64 event_install(struct posix_thread *self, enum event_sort sort, handle_t handle, u32 flags,
	const u64 detail[2]);

i64 counter_read(struct posix_thread *self, const struct file *file, struct transfer *transfer);
i64 counter_write(struct posix_thread *self, const struct file *file, struct transfer *transfer);
i64 timer_file_read(struct posix_thread *self, const struct file *file, struct transfer *transfer);
i64 watcher_read(struct posix_thread *self, const struct file *file, struct transfer *transfer);
i64 watcher_size(const struct file *file, u64 argument); // FIONREAD
i64 signals_read(struct posix_thread *self, const struct file *file, struct transfer *transfer);
u32 signals_ready(struct posix_thread *self, const struct file *file);

NONNULL_END
