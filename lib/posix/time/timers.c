// SPDX-License-Identifier: MIT
// timers.c - see timers.h. A timer of processor time is a kernel timer for the earliest moment at
// which that time could have passed; when it fires too early it is set anew.
#include "lib/posix/time/timers.h"

#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/fork.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/time/getrandom.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

constexpr u64 PROCESSOR_STEP_NS = 1'000'000; // processor time is not looked at more often

static void forget(struct time_state *state)
{
	if (state->pid)
		while (!list_is_empty(&state->timers))
			timers_remove(container_of(list_first(&state->timers), struct posix_timer, node));
	if (state->port.raw)
		(void)!handle_close(state->port);
	state->port = HANDLE_NONE;
	state->is_watching = 0;
	list_init(&state->timers);
	state->pid = posix_self()->identity.pid;
}

struct time_state *timers_enter(void) NO_THREAD_SAFETY_ANALYSIS
{
	struct time_state *state = &posix_self()->time;
	posix_lock_take(&state->lock);
	if (state->pid != posix_self()->identity.pid)
		forget(state);
	return state;
}

void timers_leave(struct time_state *state) NO_THREAD_SAFETY_ANALYSIS
{
	posix_lock_give(&state->lock);
}

struct posix_timer *_Nullable timers_find(struct time_state *state, i32 id)
{
	LIST_EACH(node, &state->timers) {
		struct posix_timer *timer = container_of(node, struct posix_timer, node);
		if (timer->id == id)
			return timer;
	}
	return nullptr;
}

void timers_remove(struct posix_timer *timer)
{
	list_remove(&timer->node);
	(void)!handle_close(timer->timer);
	heap_give(timer, sizeof(*timer));
}

i64 timers_add(struct time_state *state, const struct posix_timer *like,
	struct posix_timer *_Nullable *_Nonnull out)
{
	if (!state->port.raw)
		TRY_POSIX(timers_helper_start(state));
	struct posix_timer *timer = heap_take(sizeof(struct posix_timer));
	if (!timer)
		return -EAGAIN;
	*timer = *like;
	timer->node = (struct list_node){};
	err_t err = timer_create(&timer->timer);
	if (err == OK) {
		err = port_bind(state->port, timer->timer, SIGNAL_FIRED, (u32)timer->id, BIND_MODE_EDGE);
		if (err != OK)
			(void)!handle_close(timer->timer);
	}
	if (err != OK) {
		heap_give(timer, sizeof(*timer));
		return -EAGAIN;
	}
	list_push_back(&state->timers, &timer->node);
	*out = timer;
	return 0;
}

// Now, by what the timer counts.
static u64 now_of(struct posix_thread *self, const struct posix_timer *timer)
{
	u64 now = 0;
	if (!clock_is_processor(timer->clock))
		return posix_clock();
	return clock_read(self, timer->clock, &now) < 0 ? 0 : now;
}

static void arm(struct posix_thread *self, const struct posix_timer *timer)
{
	u64 deadline = timer->next ? timer->next : DEADLINE_NEVER;
	if (timer->next && clock_is_processor(timer->clock)) {
		u64 now = now_of(self, timer), left = timer->next > now ? timer->next - now : 0;
		deadline = time_from_now(left > PROCESSOR_STEP_NS ? left : PROCESSOR_STEP_NS);
	}
	(void)!timer_set(timer->timer, deadline, 0);
}

void timers_set(
	struct posix_thread *self, struct posix_timer *timer, const struct timer_setting *setting)
{
	timer->interval = setting->interval;
	timer->next = setting->value;
	timer->overrun = 0;
	timer->moment = setting->is_absolute && clock_is_real(timer->clock) ? setting->value : 0;
	if (timer->moment)
		clock_watch_locked(&posix_self()->time);
	bool is_processor = clock_is_processor(timer->clock);
	if (setting->value && !setting->is_absolute)
		timer->next = now_of(self, timer) + setting->value;
	else if (setting->value && !is_processor)
		timer->next = time_to_monotonic(setting->value, clock_is_real(timer->clock));
	arm(self, timer);
}

void timers_clock_set(struct posix_thread *self)
{
	struct time_state *state = timers_enter();
	if (state->port.raw) // else there are none
		LIST_EACH(node, &state->timers) {
			struct posix_timer *timer = container_of(node, struct posix_timer, node);
			if (!timer->next || !timer->moment)
				continue;
			timer->next = time_to_monotonic(timer->moment, true);
			arm(self, timer);
		}
	timers_leave(state);
}

struct timer_setting timers_get(struct posix_thread *self, const struct posix_timer *timer)
{
	u64 next = timer->next, now = now_of(self, timer);
	if (next && timer->interval && next <= now)
		next += ((now - next) / timer->interval + 1) * timer->interval;
	u64 left = next > now ? next - now : next ? 1 : 0;
	return (struct timer_setting){ left, timer->interval, false };
}

static void send(const struct posix_timer *timer, i32 overrun)
{
	struct linux_siginfo info = { .signal = timer->signal, .code = SI_TIMER };
	if (timer->id >= TIMER_INTERVAL)
		info.code = SI_KERNEL;
	else {
		info.timer = timer->id;
		info.overrun = overrun;
		info.timer_value = timer->value;
	}
	u64 dropped = atomic_load_relaxed(&posix_self()->identity.wishes.ignored);
	if (timer->notify == SIGEV_NONE || dropped & SIGNAL_BIT(timer->signal))
		return; // so timer_getoverrun goes on telling of the last that came
	if (timer->notify & SIGEV_THREAD_ID)
		(void)signal_send_thread(timer->thread, &info);
	else
		signal_send_process(&info);
}

void timers_fired(struct posix_thread *self, u64 key)
{
	struct time_state *state = &posix_self()->time;
	posix_lock_take(&state->helper);
	(void)timers_enter();
	struct posix_timer *timer = timers_find(state, (i32)key);
	u64 now = timer ? now_of(self, timer) : 0;
	if (timer && timer->next && timer->next <= now) {
		u64 missed = timer->interval ? (now - timer->next) / timer->interval : 0;
		timer->next = timer->interval ? timer->next + (missed + 1) * timer->interval : 0;
		timer->moment += timer->moment ? (missed + 1) * timer->interval : 0;
		send(timer, missed < INT32_MAX ? (i32)missed : INT32_MAX);
	}
	if (timer && timer->next)
		arm(self, timer);
	timers_leave(state);
	posix_lock_give(&state->helper);
}

void timers_told(const struct linux_siginfo *info)
{
	struct time_state *state = timers_enter();
	struct posix_timer *timer = timers_find(state, info->timer);
	if (timer && timer->id < TIMER_INTERVAL)
		timer->overrun = info->overrun;
	timers_leave(state);
}

void timers_begun(void)
{
	struct time_state *state = &posix_self()->time;
	posix_lock_init(&state->lock);
	posix_lock_init(&state->helper);
	state->is_watching = 0;
	if (!state->pid || !state->port.raw)
		return;
	state = timers_enter();
	LIST_EACH(node, &state->timers) {
		struct posix_timer *timer = container_of(node, struct posix_timer, node);
		if (timer->id < TIMER_INTERVAL)
			timers_remove(timer);
	}
	bool has_timers = !list_is_empty(&state->timers);
	i64 answer = has_timers ? timers_helper_serve() : -EAGAIN;
	if (answer < 0)
		forget(state);
	timers_leave(state);
}

i64 fork_before_time(struct posix_thread *self) NO_THREAD_SAFETY_ANALYSIS // given back below
{
	(void)self;
	posix_lock_take(&posix_self()->time.lock);
	return 0;
}

void fork_parent_time(struct posix_thread *self, bool has_child) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	(void)has_child;
	posix_lock_give(&posix_self()->time.lock);
}

void fork_child_time(struct posix_thread *self)
{
	(void)self;
	posix_lock_init(&posix_self()->time.lock);
	generator_forked();
	if (!posix_self()->identity.loan)
		posix_lock_init(&posix_self()->time.helper);
}
