// SPDX-License-Identifier: MIT
// timer_file.c - timerfd: a kernel timer behind a descriptor. Under the description's lock:
// detail[0] is the next expiry that nobody has read yet (monotonic ns, or of the clock of the day
// when TIMER_MOMENT stands in generation; 0: not set), detail[1] the interval, extra how far the
// clock of the day was ahead when the timer was set.
#include "lib/posix/event/timer_file.h"
#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/kinds.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/time/timers.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

enum timer_flag : u32 { TIMER_MOMENT = 1, TIMER_CANCELS = 2 };
constexpr u64 LONG_AGO = 1; // as a deadline

static u64 now_of(const struct description *description)
{
	return description->generation & TIMER_MOMENT ? posix_real() : posix_clock();
}

// Lock held: clears what it had raised, raises when the next expiry comes.
static void arm(const struct file *file)
{
	const struct description *description = file->description;
	u64 next = AT(description->detail, 0), deadline = next ? next : DEADLINE_NEVER;
	if (next && description->generation & TIMER_MOMENT)
		deadline = time_to_monotonic(next, true);
	(void)timer_set(file->handle, deadline, next ? AT(description->detail, 1) : 0);
}

// Lock held: the clock was set since, and who reads shall know.
static bool is_cancelled(const struct description *description)
{
	return description->generation & TIMER_CANCELS && description->extra != posix_real_offset();
}

// Lock held. How many expiries there were since the last read.
static u64 take_expired(const struct file *file)
{
	struct description *description = file->description;
	u64 next = AT(description->detail, 0), interval = AT(description->detail, 1),
		now = now_of(description);
	if (!next || now < next)
		return 0;
	u64 count = interval ? (now - next) / interval + 1 : 1;
	AT(description->detail, 0) = interval ? next + count * interval : 0;
	arm(file);
	return count;
}

// Lock held. What expired counts no more then.
static i64 take_news(const struct file *file, u64 *out)
{
	bool was_set = is_cancelled(file->description);
	*out = take_expired(file);
	if (!was_set)
		return 0;
	file->description->extra = posix_real_offset();
	arm(file);
	return -ECANCELED;
}

i64 timer_file_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u32 observed;
	if (transfer->size < sizeof(u64))
		return -EINVAL;
	if (file->description->generation & TIMER_MOMENT)
		clock_watch();
	for (;;) {
		u64 count;
		shared_lock_take(&file->description->lock);
		i64 answer = take_news(file, &count);
		shared_lock_give(&file->description->lock);
		TRY_POSIX(answer);
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
		now = now_of(description);
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
	u32 flags;
};

// How the next expiry is told to what comes later: as what it was asked for, when that can move.
static void put_setting(struct description *description, const struct setting *setting)
{
	bool is_absolute = setting->flags & TFD_TIMER_ABSTIME;
	bool is_moment = is_absolute && description->tree == EVENT_TIMER_REAL;
	bool cancels = is_moment && setting->flags & TFD_TIMER_CANCEL_ON_SET;
	u64 next = setting->value;
	if (next && !is_moment)
		next = is_absolute ? time_to_monotonic(next, false) : time_from_now(next);
	description->generation = (is_moment ? TIMER_MOMENT : 0) | (cancels ? TIMER_CANCELS : 0);
	description->extra = posix_real_offset();
	AT(description->detail, 0) = next;
	AT(description->detail, 1) = next ? setting->interval : 0;
}

// As Linux: the timer is set, and who did not read yet that the clock was set is told.
static i64 set_file(
	const struct file *file, const struct setting *setting, struct linux_itimerspec *old)
{
	struct description *description = file->description;
	shared_lock_take(&description->lock);
	*old = state_of(description);
	bool was_cancelled = is_cancelled(description);
	put_setting(description, setting);
	arm(file);
	bool cancels = description->generation & TIMER_CANCELS && setting->value;
	bool is_moment = description->generation & TIMER_MOMENT;
	shared_lock_give(&description->lock);
	if (is_moment)
		clock_watch();
	return was_cancelled && cancels ? -ECANCELED : 0;
}

i64 call_timerfd_settime(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_itimerspec asked, old;
	struct setting setting = { .flags = ARG_U32(1) };
	if (ARG_U32(1) & ~(u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	TRY_POSIX(user_get(asked, ARG(2)));
	TRY_POSIX(time_of_timespec(&asked.value, &setting.value));
	TRY_POSIX(time_of_timespec(&asked.interval, &setting.interval));
	struct file file;
	TRY_POSIX(timer_file_get(self, ARG_INT(0), &file));
	i64 answer = set_file(&file, &setting, &old);
	file_put(self, &file);
	TRY_POSIX(answer);
	return ARG(3) ? user_put(ARG(3), old) : 0;
}

static void set_anew(const struct file *file)
{
	struct description *description = file->description;
	shared_lock_take(&description->lock);
	if (is_cancelled(description))
		(void)timer_set(file->handle, LONG_AGO, 0);
	else if (description->generation & TIMER_MOMENT)
		arm(file);
	shared_lock_give(&description->lock);
}

void timer_files_clock_set(struct posix_thread *self)
{
	u32 top = atomic_load_relaxed(&posix_self()->files.top);
	for (u32 number = 0; number < top; number++) {
		struct file file;
		if (timer_file_get(self, (i32)number, &file) < 0)
			continue;
		set_anew(&file);
		file_put(self, &file);
	}
}
