// SPDX-License-Identifier: MIT
// timer_file.c - timerfd: a kernel timer behind a descriptor. Under the description's lock:
// detail[0] is the next expiry that nobody has read yet (monotonic ns, 0: not set), detail[1] the
// interval.
#include "abi/signals.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/kinds.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

// Lock held. How many expiries there were since the last read.
static u64 take_expired(const struct file *file)
{
	struct description *description = file->description;
	u64 next = AT(description->detail, 0), interval = AT(description->detail, 1),
		now = posix_clock();
	if (!next || now < next)
		return 0;
	u64 count = interval ? (now - next) / interval + 1 : 1;
	AT(description->detail, 0) = interval ? next + count * interval : 0;
	u64 deadline = interval ? AT(description->detail, 0) : DEADLINE_NEVER;
	(void)!timer_set(file->handle, deadline, interval); // also clears what it had raised
	return count;
}

i64 timer_file_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u32 observed;
	if (transfer->size < sizeof(u64))
		return -EINVAL;
	for (;;) {
		shared_lock_take(&file->description->lock);
		u64 count = take_expired(file);
		shared_lock_give(&file->description->lock);
		if (count) {
			TRY_POSIX(user_put(transfer->address, count));
			return sizeof(count);
		}
		if (!stream_deadline(file))
			return -EAGAIN;
		TRY_ERR(wait_object(self, file->handle, SIGNAL_FIRED, DEADLINE_NEVER, &observed));
	}
}

i64 call_timerfd_create(struct posix_thread *self, const struct arguments *arguments)
{
	i32 clock = ARG_INT(0);
	u32 flags = ARG_U32(1);
	bool is_known = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
	                clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME_ALARM ||
	                clock == CLOCK_BOOTTIME_ALARM;
	if (!is_known || flags & ~(u32)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	handle_t handle;
	TRY_ERR(timer_create(&handle));
	bool is_real = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
	return event_install(
		self, is_real ? EVENT_TIMER_REAL : EVENT_TIMER, handle, flags, (const u64[2]){});
}

static i64 timer_file_get(struct posix_thread *self, i32 number, struct file *out)
{
	TRY_POSIX(file_get(self, number, out));
	if (out->description->kind == FILE_EVENT && event_is_timer(out))
		return 0;
	file_put(self, out);
	return -EINVAL;
}

// Lock held.
static struct linux_itimerspec state_of(const struct description *description)
{
	u64 next = AT(description->detail, 0), interval = AT(description->detail, 1),
		now = posix_clock();
	if (next && interval && next <= now)
		next += ((now - next) / interval + 1) * interval;
	u64 left = next > now ? next - now : 0;
	return (struct linux_itimerspec){ timespec_of(interval), timespec_of(left) };
}

// As Linux: what is left of a timer that has fired and was not set again is nothing.
i64 call_timerfd_gettime(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(timer_file_get(self, ARG_INT(0), &file));
	shared_lock_take(&file.description->lock);
	struct linux_itimerspec state = state_of(file.description);
	shared_lock_give(&file.description->lock);
	file_put(self, &file);
	return user_put(ARG(1), state);
}

struct setting {
	u64 value, interval;
	bool is_absolute;
};

static struct linux_itimerspec set_file(const struct file *file, const struct setting *setting)
{
	struct description *description = file->description;
	bool is_real = description->tree == EVENT_TIMER_REAL;
	shared_lock_take(&description->lock);
	struct linux_itimerspec old = state_of(description);
	u64 next = setting->value;
	if (next)
		next = setting->is_absolute ? time_to_monotonic(next, is_real) : time_from_now(next);
	AT(description->detail, 0) = next;
	AT(description->detail, 1) = next ? setting->interval : 0;
	(void)!timer_set(file->handle, next ? next : DEADLINE_NEVER, AT(description->detail, 1));
	shared_lock_give(&description->lock);
	return old;
}

i64 call_timerfd_settime(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_itimerspec asked;
	struct setting setting;
	if (ARG_U32(1) & ~(u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	TRY_POSIX(user_get(asked, ARG(2)));
	TRY_POSIX(time_of_timespec(&asked.value, &setting.value));
	TRY_POSIX(time_of_timespec(&asked.interval, &setting.interval));
	setting.is_absolute = ARG_U32(1) & TFD_TIMER_ABSTIME;
	struct file file;
	TRY_POSIX(timer_file_get(self, ARG_INT(0), &file));
	struct linux_itimerspec old = set_file(&file, &setting);
	file_put(self, &file);
	return ARG(3) ? user_put(ARG(3), old) : 0;
}
