// SPDX-License-Identifier: MIT
// interval.c - setitimer, getitimer, alarm.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/time/timers.h"
#include "lib/posix/time/units.h"

struct kind {
	i32 clock, signal;
};
static const struct kind kinds[ITIMERS] = {
	[ITIMER_REAL] = { CLOCK_MONOTONIC, SIGALRM },
	[ITIMER_VIRTUAL] = { CLOCK_PROCESS_CPUTIME_ID, SIGVTALRM },
	[ITIMER_PROF] = { CLOCK_PROCESS_CPUTIME_ID, SIGPROF },
};

static struct posix_timer *_Nullable find_or_add(struct time_state *state, u32 which)
{
	i32 id = TIMER_INTERVAL + (i32)which;
	struct posix_timer *timer = timers_find(state, id);
	const struct posix_timer like = {
		.id = id,
		.clock = AT(kinds, which).clock,
		.signal = AT(kinds, which).signal,
	};
	if (!timer && timers_add(state, &like, &timer) < 0)
		return nullptr;
	return timer;
}

// Answers what was set before. Setting nothing makes nothing.
static i64 exchange(struct posix_thread *self, u32 which,
	const struct timer_setting *_Nullable setting, struct timer_setting *before)
{
	struct time_state *state = timers_enter();
	struct posix_timer *timer = timers_find(state, TIMER_INTERVAL + (i32)which);
	*before = timer ? timers_get(self, timer) : (struct timer_setting){};
	bool is_set = setting && setting->value;
	if (is_set)
		timer = find_or_add(state, which);
	if (setting && timer)
		timers_set(self, timer, setting);
	timers_leave(state);
	return is_set && !timer ? -ENOMEM : 0;
}

static struct linux_itimerval itimerval_of(const struct timer_setting *setting)
{
	// A rest of less than a microsecond is not yet nothing.
	u64 value = setting->value && setting->value < MICROSECOND_NS ? MICROSECOND_NS : setting->value;
	return (struct linux_itimerval){ timeval_of(setting->interval), timeval_of(value) };
}

i64 call_getitimer(struct posix_thread *self, const struct arguments *arguments)
{
	struct timer_setting now;
	if (ARG_U32(0) >= ITIMERS)
		return -EINVAL;
	TRY_POSIX(exchange(self, ARG_U32(0), nullptr, &now));
	struct linux_itimerval answer = itimerval_of(&now);
	return user_put(ARG(1), answer);
}

i64 call_setitimer(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_itimerval asked = {};
	struct timer_setting setting = {}, before;
	if (ARG(1))
		TRY_POSIX(user_get(asked, ARG(1)));
	TRY_POSIX(time_of_timeval(&asked.value, &setting.value));
	TRY_POSIX(time_of_timeval(&asked.interval, &setting.interval));
	if (ARG_U32(0) >= ITIMERS)
		return -EINVAL;
	TRY_POSIX(exchange(self, ARG_U32(0), &setting, &before));
	struct linux_itimerval answer = itimerval_of(&before);
	return ARG(2) ? user_put(ARG(2), answer) : 0;
}

// What was left, in seconds, a part of one counts as one.
i64 call_alarm(struct posix_thread *self, const struct arguments *arguments)
{
	struct timer_setting setting = { .value = (u64)ARG_U32(0) * SECOND_NS }, before;
	TRY_POSIX(exchange(self, ITIMER_REAL, &setting, &before));
	u64 seconds = before.value / SECOND_NS, rest = before.value % SECOND_NS;
	bool is_up = rest >= SECOND_NS / 2 || (rest && !seconds);
	return (i64)seconds + is_up;
}
