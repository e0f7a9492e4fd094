// SPDX-License-Identifier: MIT
// kinds.c - FILE_EVENT: eventfd (counter.c), timerfd (timer_file.c), signalfd (signal_file.c),
// message queues (queue.c), told apart.
#include "lib/posix/event/kinds.h"

#include "abi/signals.h"
#include "ifc/meet.h"
#include "ifc/tree.h"
#include "lib/posix/event/queue.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

static bool is(const struct file *file, enum event_sort sort)
{
	return file->description->tree == sort;
}

static i64 event_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	if (is(file, EVENT_COUNTER))
		return counter_read(self, file, transfer);
	if (event_is_timer(file))
		return timer_file_read(self, file, transfer);
	if (is(file, EVENT_WATCHER))
		return watcher_read(self, file, transfer);
	return is(file, EVENT_SIGNALS) ? signals_read(self, file, transfer) : -EINVAL;
}

static i64 event_write(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	return is(file, EVENT_COUNTER) ? counter_write(self, file, transfer) : -EINVAL;
}

static u32 input_bit(const struct file *file)
{
	static const u32 bits[EVENT_SORTS] = {
		[EVENT_COUNTER] = COUNTER_READABLE,
		[EVENT_TIMER] = SIGNAL_FIRED,
		[EVENT_TIMER_REAL] = SIGNAL_FIRED,
		[EVENT_QUEUE] = MEET_EVENT_READABLE,
		[EVENT_WATCHER] = TREE_EVENT_READABLE,
	};
	return file->description->tree < EVENT_SORTS ? AT(bits, file->description->tree) : 0;
}

static u32 output_bit(const struct file *file)
{
	return is(file, EVENT_COUNTER) ? COUNTER_WRITABLE
	       : is(file, EVENT_QUEUE) ? MEET_EVENT_WRITABLE
	                               : 0;
}

static u32 event_ready(struct posix_thread *self, const struct file *file)
{
	if (is(file, EVENT_SIGNALS))
		return signals_ready(self, file);
	u32 signals = handle_signals(file->handle);
	u32 holds = signals & input_bit(file) ? POLL_IN : 0;
	return holds | (signals & output_bit(file) ? POLL_OUT : 0);
}

static u32 event_watch(const struct file *file, u32 wanted, handle_t *out)
{
	*out = file->handle;
	if (is(file, EVENT_SIGNALS))
		return 0;
	if (is(file, EVENT_TIMER_REAL))
		clock_watch();
	u32 bits = wanted & POLL_IN ? input_bit(file) : 0;
	return bits | (wanted & POLL_OUT ? output_bit(file) : 0);
}

static i64 event_stat(struct posix_thread *, const struct file *file, struct linux_stat *out)
{
	stream_stat(file, 0600, out);
	return 0;
}

static i64 event_control(struct posix_thread *, const struct file *file, u32 request, u64 argument)
{
	bool is_size = request == FIONREAD && is(file, EVENT_WATCHER);
	return is_size ? watcher_size(file, argument) : -ENOTTY;
}

static void event_drop(const struct file *file)
{
	if (is(file, EVENT_QUEUE))
		queue_closed(file);
}

const struct operations event_operations = {
	.read = event_read,
	.write = event_write,
	.stat = event_stat,
	.ready = event_ready,
	.watch = event_watch,
	.control = event_control,
	.drop = event_drop,
};

i64 event_install(struct posix_thread *self, enum event_sort sort, handle_t handle, u32 flags,
	const u64 detail[2])
{
	struct description *description;
	i64 answer = description_create(FILE_EVENT, O_RDWR | (flags & O_NONBLOCK), &description);
	if (answer < 0) {
		if (handle.raw)
			(void)!handle_close(handle);
		return answer;
	}
	description->tree = sort;
	description->inode = event_inode();
	memory_copy(description->detail, detail, sizeof(description->detail));
	return descriptor_install(
		self, description, handle, flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0, 0);
}
