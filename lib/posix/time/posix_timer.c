// SPDX-License-Identifier: MIT
// posix_timer.c - timer_create and what belongs to it.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/time/timers.h"
#include "lib/posix/time/units.h"

static bool has_thread(i32 id)
{
	struct core_state *core = &posix_self()->core;
	bool is_there = false;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads)
		is_there |= container_of(node, struct posix_thread, node)->id == id;
	posix_lock_give(&core->threads_lock);
	return is_there;
}

static i64 check_event(const struct linux_sigevent *event)
{
	bool needs_signal = event->notify != SIGEV_NONE;
	if (event->notify & ~(SIGEV_NONE | SIGEV_THREAD | SIGEV_THREAD_ID))
		return -EINVAL;
	if (needs_signal && (event->signal <= 0 || event->signal > (i32)SIGNALS))
		return -EINVAL;
	return event->notify & SIGEV_THREAD_ID && !has_thread(event->thread) ? -EINVAL : 0;
}

i64 call_timer_create(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_sigevent event = { .signal = SIGALRM };
	u64 now;
	TRY_POSIX(clock_read(self, ARG_INT(0), &now));
	if (ARG(1)) {
		TRY_POSIX(user_get(event, ARG(1)));
		TRY_POSIX(check_event(&event));
	}
	struct time_state *state = timers_enter();
	i32 id = (i32)(state->next++ % (u32)TIMER_INTERVAL);
	const struct posix_timer like = {
		.id = id,
		.clock = clock_of_thread(self, ARG_INT(0)),
		.notify = event.notify,
		.signal = event.signal,
		.thread = event.thread,
		.value = ARG(1) ? event.value : (u64)id,
	};
	struct posix_timer *timer;
	i64 answer = timers_add(state, &like, &timer);
	if (answer >= 0 && user_put(ARG(2), id) < 0) {
		timers_remove(timer);
		answer = -EFAULT;
	}
	timers_leave(state);
	return answer;
}

static struct posix_timer *_Nullable find(struct time_state *state, i32 id)
{
	return id >= 0 && id < TIMER_INTERVAL ? timers_find(state, id) : nullptr;
}

static struct linux_itimerspec itimerspec_of(const struct timer_setting *setting)
{
	return (struct linux_itimerspec){ timespec_of(setting->interval), timespec_of(setting->value) };
}

i64 call_timer_settime(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_itimerspec asked;
	struct timer_setting setting, before = {};
	if (!ARG(2))
		return -EINVAL;
	TRY_POSIX(user_get(asked, ARG(2)));
	TRY_POSIX(time_of_timespec(&asked.value, &setting.value));
	TRY_POSIX(time_of_timespec(&asked.interval, &setting.interval));
	setting.is_absolute = ARG_U32(1) & TIMER_ABSTIME;
	struct time_state *state = timers_enter();
	struct posix_timer *timer = find(state, ARG_INT(0));
	if (timer) {
		before = timers_get(self, timer);
		timers_set(self, timer, &setting);
	}
	timers_leave(state);
	if (!timer)
		return -EINVAL;
	struct linux_itimerspec answer = itimerspec_of(&before);
	return ARG(3) ? user_put(ARG(3), answer) : 0;
}

i64 call_timer_gettime(struct posix_thread *self, const struct arguments *arguments)
{
	struct timer_setting now = {};
	struct time_state *state = timers_enter();
	const struct posix_timer *timer = find(state, ARG_INT(0));
	if (timer)
		now = timers_get(self, timer);
	timers_leave(state);
	struct linux_itimerspec answer = itimerspec_of(&now);
	return timer ? user_put(ARG(1), answer) : -EINVAL;
}

i64 call_timer_getoverrun(struct posix_thread *, const struct arguments *arguments)
{
	struct time_state *state = timers_enter();
	const struct posix_timer *timer = find(state, ARG_INT(0));
	i64 answer = timer ? timer->overrun : -EINVAL;
	timers_leave(state);
	return answer;
}

i64 call_timer_delete(struct posix_thread *, const struct arguments *arguments)
{
	struct time_state *state = timers_enter();
	struct posix_timer *timer = find(state, ARG_INT(0));
	if (timer)
		timers_remove(timer);
	timers_leave(state);
	return timer ? 0 : -EINVAL;
}
