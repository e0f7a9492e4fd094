// SPDX-License-Identifier: MIT
// units.h - Linux's ways to write a time, and nanoseconds.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/thread.h"
#include "lib/posix/linux/time.h"

NONNULL_BEGIN

// -EINVAL: negative, or a billion nanoseconds and more. Never more than TIME_MAX_NS.
i64 time_of_timespec(const struct linux_timespec *from, u64 *out);
i64 time_of_timeval(const struct linux_timeval *from, u64 *out);

// Some 146 years: sums of two such times do not overflow.
constexpr u64 TIME_MAX_NS = UINT64_MAX / 4;

static inline struct linux_timespec timespec_of(u64 ns)
{
	return (struct linux_timespec){ (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS) };
}

static inline struct linux_timeval timeval_of(u64 ns)
{
	return (struct linux_timeval){ (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS / MICROSECOND_NS) };
}

u64 time_from_now(u64 ns); // as a deadline
// A moment of the monotonic clock, or is_real of the clock of the day, as a deadline; never 0.
u64 time_to_monotonic(u64 moment, bool is_real);

// A clock's time; -EINVAL: no such clock. Processor time of threads and processes too.
i64 clock_read(struct posix_thread *self, i32 clock, u64 *out);
bool clock_is_real(i32 clock);
bool clock_is_processor(i32 clock); // counts while something runs
// CLOCK_THREAD_CPUTIME_ID as the number that means the same to all threads; others stay.
i32 clock_of_thread(const struct posix_thread *self, i32 clock);
u64 process_time(void); // of this process, ns

NONNULL_END
