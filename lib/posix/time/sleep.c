// SPDX-License-Identifier: MIT
// sleep.c - nanosleep and clock_nanosleep. A sleep that is made again after a signal without a
// handler ends when it would have.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/time/units.h"

// left: where the rest is told if a signal ends it; 0: nowhere.
static i64 sleep_until(struct posix_thread *self, u64 deadline, u64 left)
{
	err_t err = wait_sleep(self, deadline);
	if (err != ERR_INTERRUPTED)
		return posix_error(err);
	u64 now = posix_clock();
	struct linux_timespec rest = timespec_of(deadline > now ? deadline - now : 0);
	if (left)
		TRY_POSIX(user_put(left, rest));
	return -ERESTARTNOHAND;
}

// Until a moment of the clock of the day: looks again when that is set.
static i64 sleep_real(struct posix_thread *self, u64 moment)
{
	for (;;) {
		i64 offset;
		u32 sequence = posix_real_offset_at(&offset);
		i64 until = (i64)moment - offset;
		u64 deadline = until > 0 ? (u64)until : 1;
		err_t err = wait_futex(self, CLOCK_SEQUENCE, sequence, deadline, HANDLE_NONE);
		if (err == ERR_TIMED_OUT)
			return 0;
		if (err == ERR_INTERRUPTED)
			return -ERESTARTNOHAND;
		if (err != OK && err != ERR_WOULD_BLOCK)
			return posix_error(err);
	}
}

static i64 sleep_for(struct posix_thread *self, u64 address, u64 left)
{
	struct linux_timespec time;
	u64 ns;
	TRY_POSIX(user_get(time, address));
	TRY_POSIX(time_of_timespec(&time, &ns));
	return sleep_until(self, wait_deadline(self, ns), left);
}

i64 call_nanosleep(struct posix_thread *self, const struct arguments *arguments)
{
	return sleep_for(self, ARG(0), ARG(1));
}

// Processor time goes on only while something runs: looks again when it could be over.
static i64 sleep_processor(struct posix_thread *self, i32 clock, u64 until)
{
	constexpr u64 LOOK_NS = 1'000'000;
	u64 now;
	for (;;) {
		TRY_POSIX(clock_read(self, clock, &now));
		if (now >= until)
			return 0;
		u64 rest = until - now;
		if (wait_sleep(self, time_from_now(rest > LOOK_NS ? rest : LOOK_NS)) != OK)
			return -ERESTARTNOHAND;
	}
}

i64 call_clock_nanosleep(struct posix_thread *self, const struct arguments *arguments)
{
	i32 clock = ARG_INT(0);
	bool is_absolute = ARG_U32(1) & TIMER_ABSTIME;
	struct linux_timespec time;
	u64 ns, now;
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return -EOPNOTSUPP; // the C library makes it EINVAL
	TRY_POSIX(clock_read(self, clock, &now));
	if (!is_absolute && !clock_is_processor(clock))
		return sleep_for(self, ARG(2), ARG(3));
	TRY_POSIX(user_get(time, ARG(2)));
	TRY_POSIX(time_of_timespec(&time, &ns));
	if (clock_is_processor(clock))
		return sleep_processor(self, clock, is_absolute ? ns : now + ns);
	if (clock_is_real(clock))
		return sleep_real(self, ns);
	return sleep_until(self, time_to_monotonic(ns, false), 0);
}
