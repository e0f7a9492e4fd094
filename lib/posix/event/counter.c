// SPDX-License-Identifier: MIT
// counter.c - eventfd. The count stands in the open file's description, shared by all who inherited
// it, under its lock; a kernel timer that is never set carries the event bits for poll and waiting.
// detail[0]: the count; detail[1]: EFD_SEMAPHORE.
#include "abi/signals.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/kinds.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u64 COUNT_MAX = UINT64_MAX - 1;

// Lock held. A bit that stands already is set once more: that is an edge for who waits for edges.
static void tell(const struct file *file, u32 edge)
{
	u64 count = AT(file->description->detail, 0);
	u32 bits = (count ? COUNTER_READABLE : 0) | (count < COUNT_MAX ? COUNTER_WRITABLE : 0);
	u32 all = COUNTER_READABLE | COUNTER_WRITABLE;
	(void)!object_signal(file->handle, all & ~bits, bits & edge);
}

static bool try_read(const struct file *file, u64 *value)
{
	struct description *description = file->description;
	shared_lock_take(&description->lock);
	bool is_there = AT(description->detail, 0) != 0;
	if (is_there) {
		*value = AT(description->detail, 1) & EFD_SEMAPHORE ? 1 : AT(description->detail, 0);
		AT(description->detail, 0) -= *value;
		tell(file, COUNTER_WRITABLE);
	}
	shared_lock_give(&description->lock);
	return is_there;
}

static bool try_write(const struct file *file, u64 value)
{
	struct description *description = file->description;
	shared_lock_take(&description->lock);
	bool has_room = value <= COUNT_MAX - AT(description->detail, 0);
	if (has_room) {
		AT(description->detail, 0) += value;
		tell(file, COUNTER_READABLE);
	}
	shared_lock_give(&description->lock);
	return has_room;
}

static i64 wait_bit(struct posix_thread *self, const struct file *file, u32 bit)
{
	u32 observed;
	if (!stream_deadline(file))
		return -EAGAIN;
	return posix_error(wait_object(self, file->handle, bit, DEADLINE_NEVER, &observed));
}

i64 counter_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u64 value;
	if (transfer->size < sizeof(value))
		return -EINVAL;
	while (!try_read(file, &value))
		TRY_POSIX(wait_bit(self, file, COUNTER_READABLE));
	TRY_POSIX(user_put(transfer->address, value));
	return sizeof(value);
}

// Room for one may be too little for value: then it waits for a reader, looking again now and then.
i64 counter_write(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u64 value;
	if (transfer->size < sizeof(value))
		return -EINVAL;
	TRY_POSIX(user_get(value, transfer->address));
	if (value == UINT64_MAX)
		return -EINVAL;
	while (!try_write(file, value)) {
		TRY_POSIX(wait_bit(self, file, COUNTER_WRITABLE));
		if (wait_is_interrupted(self))
			return -ERESTARTSYS;
	}
	return sizeof(value);
}

static i64 counter_make(struct posix_thread *self, u32 count, u32 flags)
{
	handle_t handle;
	if (flags & ~((u32)EFD_SEMAPHORE | (u32)O_NONBLOCK | (u32)O_CLOEXEC))
		return -EINVAL;
	TRY_ERR(timer_create(&handle));
	u32 bits = COUNTER_WRITABLE | (count ? COUNTER_READABLE : 0);
	(void)!object_signal(handle, 0, bits);
	return event_install(
		self, EVENT_COUNTER, handle, flags, (const u64[2]){ count, flags & EFD_SEMAPHORE });
}

i64 call_eventfd(struct posix_thread *self, const struct arguments *arguments)
{
	return counter_make(self, ARG_U32(0), 0);
}

i64 call_eventfd2(struct posix_thread *self, const struct arguments *arguments)
{
	return counter_make(self, ARG_U32(0), ARG_U32(1));
}
