// SPDX-License-Identifier: MIT
// time.h - Linux's clocks, times and timers.
#pragma once

#include "abi/types.h"

constexpr u64 SECOND_NS = 1'000'000'000;
constexpr u64 MICROSECOND_NS = 1000;

enum linux_clock : i32 {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_PROCESS_CPUTIME_ID = 2,
	CLOCK_THREAD_CPUTIME_ID = 3,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
	CLOCK_REALTIME_ALARM = 8,
	CLOCK_BOOTTIME_ALARM = 9,
	CLOCK_TAI = 11,
};

constexpr u32 TIMER_ABSTIME = 1;

struct linux_timespec {
	i64 seconds, nanoseconds;
};

struct linux_timeval {
	i64 seconds, microseconds;
};

struct linux_itimerspec {
	struct linux_timespec interval, value;
};

struct linux_itimerval {
	struct linux_timeval interval, value;
};

struct linux_tms {
	i64 user, system, children_user, children_system;
};

enum linux_itimer : i32 { ITIMER_REAL = 0, ITIMER_VIRTUAL = 1, ITIMER_PROF = 2, ITIMERS = 3 };

enum linux_sigev : i32 { SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4 };

struct linux_sigevent {
	u64 value;
	i32 signal, notify;
	i32 thread;
	i32 reserved[11];
};
static_assert(sizeof(struct linux_sigevent) == 64);
