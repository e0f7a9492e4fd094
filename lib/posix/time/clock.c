// SPDX-License-Identifier: MIT
// clock.c - clocks: the day's and the monotonic one are read off the pages at CLOCK_AREA, processor
// time is the kernel's account.
#include "lib/posix/core/clock.h"
#include "abi/info.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

// A negative id is a process or thread: ~id << 3, with these bits.
enum id_bits : u32 { ID_KIND = 3, ID_SCHED = 2, ID_THREAD = 4 };

bool clock_is_real(i32 clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
	       clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

bool clock_is_processor(i32 clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

i32 clock_of_thread(const struct posix_thread *self, i32 clock)
{
	constexpr i32 NOBODY = -2; // the thread 0, as libraries write it
	bool is_own = clock == CLOCK_THREAD_CPUTIME_ID || clock == NOBODY;
	return is_own ? (i32)((u32)~self->id << 3 | ID_THREAD | ID_SCHED) : clock;
}

u64 process_time(void)
{
	struct process_info info = {};
	u64 size;
	err_t err = handle_info(HANDLE_NONE, INFO_TOPIC_PROCESS, span_of(info), &size);
	return err == OK ? info.cpu_ns : 0;
}

static u64 thread_time(handle_t thread)
{
	struct thread_info info = {};
	u64 size;
	err_t err = handle_info(thread, INFO_TOPIC_THREAD, span_of(info), &size);
	return err == OK ? info.cpu_ns : 0;
}

// The thread stays: its handle is closed under the same lock.
static i64 other_thread_time(i32 id, u64 *out)
{
	struct core_state *core = &posix_self()->core;
	i64 answer = -EINVAL;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		const struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if (thread->id != id)
			continue;
		*out = thread_time(thread->handle);
		answer = 0;
	}
	posix_lock_give(&core->threads_lock);
	return answer;
}

static i64 read_by_id(struct posix_thread *self, i32 clock, u64 *out)
{
	i32 id = ~(clock >> 3);
	if (((u32)clock & ID_KIND) != ID_SCHED)
		return -EINVAL;
	if ((u32)clock & ID_THREAD) {
		if (id && id != self->id)
			return other_thread_time(id, out);
		*out = thread_time(HANDLE_NONE);
		return 0;
	}
	if (id && (u32)id != posix_self()->identity.pid)
		return -EINVAL;
	*out = process_time();
	return 0;
}

i64 clock_read(struct posix_thread *self, i32 clock, u64 *out)
{
	if (clock < 0)
		return read_by_id(self, clock, out);
	if (clock_is_real(clock)) {
		*out = posix_real();
		return 0;
	}
	switch (clock) {
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM: *out = posix_clock(); return 0;
	case CLOCK_PROCESS_CPUTIME_ID: *out = process_time(); return 0;
	case CLOCK_THREAD_CPUTIME_ID: *out = thread_time(HANDLE_NONE); return 0;
	}
	return -EINVAL;
}

i64 call_clock_gettime(struct posix_thread *self, const struct arguments *arguments)
{
	u64 now;
	TRY_POSIX(clock_read(self, ARG_INT(0), &now));
	struct linux_timespec time = timespec_of(now);
	return user_put(ARG(1), time);
}

i64 call_clock_getres(struct posix_thread *self, const struct arguments *arguments)
{
	u64 now;
	TRY_POSIX(clock_read(self, ARG_INT(0), &now));
	struct linux_timespec resolution = { 0, 1 };
	return ARG(1) ? user_put(ARG(1), resolution) : 0;
}

i64 call_gettimeofday(struct posix_thread *, const struct arguments *arguments)
{
	struct linux_timeval time = timeval_of(posix_real());
	const u64 zone = 0; // minutes west, kind of summer time
	if (ARG(0))
		TRY_POSIX(user_put(ARG(0), time));
	return ARG(1) ? user_put(ARG(1), zone) : 0;
}

i64 call_time(struct posix_thread *, const struct arguments *arguments)
{
	i64 seconds = (i64)(posix_real() / SECOND_NS);
	if (ARG(0))
		TRY_POSIX(user_put(ARG(0), seconds));
	return seconds;
}
