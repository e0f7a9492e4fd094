// SPDX-License-Identifier: MIT
// vdso.c - the functions that Linux programs find by AT_SYSINFO_EHDR and call instead of the
// kernel: clocks without a system call. Built as a shared object of its own (vdso.map has its
// names) and mapped into each program; it has no data. What it does not know it asks by system
// call.
#include "lib/posix/exec/vdso/vdso.h"

#include "abi/info.h"
#include "lib/base/atomic.h"
#include "lib/base/attributes.h"
#include "lib/base/unsafe.h"
#include "lib/os/clock_page.h"

NONNULL_BEGIN

constexpr u64 SECOND_NS = 1'000'000'000;
constexpr u64 CALL_GETTIMEOFDAY = 96, CALL_CLOCK_GETTIME = 228, CALL_GETCPU = 309;

enum clock_id : i32 {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
};

struct timespec {
	i64 seconds, nanoseconds;
};

struct timeval {
	i64 seconds, microseconds;
};

struct timezone {
	i32 minutes_west, daylight;
};

#define FOUND_BY_NAME [[gnu::visibility("default")]]
FOUND_BY_NAME i32 __vdso_clock_gettime(i32 clock, struct timespec *out);
FOUND_BY_NAME i32 __vdso_gettimeofday(
	struct timeval *_Nullable out, struct timezone *_Nullable zone);
FOUND_BY_NAME i64 __vdso_time(i64 *_Nullable out);
FOUND_BY_NAME i32 __vdso_getcpu(u32 *_Nullable cpu, u32 *_Nullable node, void *_Nullable unused);

static i64 ask(u64 number, u64 a, u64 b, u64 c)
{
	i64 answer = (i64)number;
	__asm__ volatile("syscall" : "+a"(answer) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return answer;
}

static u64 monotonic(void)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	const struct time_page *page = (const struct time_page *)CLOCK_AREA;
	UNSAFE_END
	u32 sequence;
	u64 now;
	do {
		sequence = atomic_load_acquire(&page->sequence); // pairs with the kernel's writer
		u64 ticks = __builtin_ia32_rdtsc() - page->tsc_base;
		now = (u64)((unsigned __int128)ticks * page->scale >> page->shift) + page->ns_base;
		atomic_fence_acquire();
	} while (sequence & 1 || atomic_load_relaxed(&page->sequence) != sequence);
	return now;
}

static u64 real(void)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	const struct clock_page *page = (const struct clock_page *)(CLOCK_AREA + CLOCK_PAGE_OFFSET);
	UNSAFE_END
	u32 sequence;
	i64 offset;
	do {
		sequence = atomic_load_acquire(&page->sequence); // pairs with servers/clock
		offset = page->real_offset_ns;
		atomic_fence_acquire();
	} while (sequence & 1 || atomic_load_relaxed(&page->sequence) != sequence);
	return monotonic() + (u64)offset;
}

static i32 store(u64 now, struct timespec *out)
{
	*out = (struct timespec){ (i64)(now / SECOND_NS), (i64)(now % SECOND_NS) };
	return 0;
}

i32 __vdso_clock_gettime(i32 clock, struct timespec *out)
{
	switch ((enum clock_id)clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE: return store(real(), out);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME: return store(monotonic(), out);
	}
	return (i32)ask(CALL_CLOCK_GETTIME, (u64)(i64)clock, (u64)out, 0);
}

i32 __vdso_gettimeofday(struct timeval *_Nullable out, struct timezone *_Nullable zone)
{
	if (zone)
		return (i32)ask(CALL_GETTIMEOFDAY, (u64)out, (u64)zone, 0);
	if (out) {
		u64 now = real();
		*out = (struct timeval){ (i64)(now / SECOND_NS), (i64)(now % SECOND_NS / 1000) };
	}
	return 0;
}

i64 __vdso_time(i64 *_Nullable out)
{
	i64 now = (i64)(real() / SECOND_NS);
	if (out)
		*out = now;
	return now;
}

i32 __vdso_getcpu(u32 *_Nullable cpu, u32 *_Nullable node, void *_Nullable unused)
{
	(void)unused;
	return (i32)ask(CALL_GETCPU, (u64)cpu, (u64)node, 0);
}

NONNULL_END
