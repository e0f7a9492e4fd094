// SPDX-License-Identifier: MIT
// timers.h - the process's timers: interval timers (setitimer, alarm) and POSIX timers. Each is a
// kernel timer; a helper thread of the library, made with the first, waits for all and sends the
// signals.
#pragma once

#include "lib/base/list.h"
#include "lib/posix/core/thread.h"
#include "lib/posix/linux/time.h"

NONNULL_BEGIN

struct posix_timer {
	struct list_node node; // in time_state.timers
	i32 id;                // of timer_create; an interval timer's: TIMER_INTERVAL + its number
	i32 clock;
	handle_t timer; // owned
	u64 next,
		interval; // ns: monotonic, or of the clock if it counts processor time. next 0: not set
	u64 moment;   // that next stands for on the clock of the day, which may be set; 0: none
	i32 notify, signal, thread;
	u64 value;
	i32 overrun; // of the last signal
};

constexpr i32 TIMER_INTERVAL = 0x4000'0000;

struct timer_setting {
	u64 value, interval; // ns; value 0: stops
	bool is_absolute;
};

// All need the lock of time_state: timers_enter, timers_leave. enter: a forked child's timers are
// gone.
struct time_state *timers_enter(void);
void timers_leave(struct time_state *state);
struct posix_timer *_Nullable timers_find(struct time_state *state, i32 id);
i64 timers_add(struct time_state *state, const struct posix_timer *like,
	struct posix_timer *_Nullable *_Nonnull out); // -EAGAIN
void timers_remove(struct posix_timer *timer);
void timers_set(
	struct posix_thread *self, struct posix_timer *timer, const struct timer_setting *setting);
// The clock of the day was set: what waits for a moment of it moves. Takes the lock itself.
void timers_clock_set(struct posix_thread *self);
// What is left, and the interval.
struct timer_setting timers_get(struct posix_thread *self, const struct posix_timer *timer);

// After exec: POSIX timers are gone, interval timers go on.
void timers_begun(void);

// helper.c: makes the thread that serves the port. -EAGAIN.
i64 timers_helper_start(struct time_state *state);
// The same for a port that is there (exec).
i64 timers_helper_serve(void);
// One timer's event, in the helper.
void timers_fired(struct posix_thread *self, u64 key);
// A timer's signal is being delivered: timer_getoverrun tells of this one from now on.
void timers_told(const struct linux_siginfo *info);

// clock_watch.c: from now on what this process waits for on the clock of the day moves when that is
// set, by whomever. locked: for who holds time_state's lock.
void clock_watch(void);
void clock_watch_locked(struct time_state *state);
constexpr u64 CLOCK_KEY = UINT32_MAX;          // of that event at the helper's port
void clock_changed(struct posix_thread *self); // in the helper

NONNULL_END
