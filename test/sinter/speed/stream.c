// SPDX-License-Identifier: MIT
// stream.c - how long a 4 KiB append and its fsync take, first with nothing else to do, then beside
// a large file that is written as fast as it is accepted, and made durable at its end. An append is
// due some milliseconds after the one before was done; where one thread does all, it counts from
// that moment, for who asks cannot know that the thread is at work.
#include <stdio.h>
#include <time.h>

#include "test/sinter/speed/speed.h"

constexpr double PAUSE_S = 0.005;
constexpr u32 APPENDS_MAX = 10000;

static const struct target *at;
static u8 bytes[BLOCK];
static double times[APPENDS_MAX];
static u64 appended; // bytes

static void sleep_until(double due)
{
	double left = due - speed_now();
	struct timespec time = { .tv_nsec = (long)(left * 1e9) };
	if (left > 0)
		nanosleep(&time, nullptr);
}

// So many appends at most, or none, as long as a stream of so many MiB (0: none) goes on.
static u32 append_often(u64 mib, u32 most)
{
	u32 count = 0;
	bool is_appending = false, goes_on = true;
	double start = 0, due = speed_now() + PAUSE_S;
	if (mib)
		at->stream_begin(mib);
	while (goes_on || is_appending) {
		if (mib)
			goes_on = at->stream_work(due);
		else
			sleep_until(due);
		if (goes_on && !is_appending && count < most && speed_now() >= due) {
			start = mib && at->is_one_thread ? due : speed_now();
			at->append(appended, view_of(bytes));
			is_appending = true;
			appended += BLOCK;
		}
		if (is_appending && at->append_done()) {
			double now = speed_now();
			is_appending = false;
			AT(times, count++) = now - start;
			due = now + PAUSE_S;
		}
		goes_on &= mib || count < most;
	}
	return count;
}

void speed_stream(const struct target *target, const char *where, u64 mib, u32 appends)
{
	if (!mib || !appends || appends > APPENDS_MAX)
		speed_fail("stream", "at least 1 MiB, 1 to 10000 appends");
	at = target;
	for (u32 i = 0; i < BLOCK; i++)
		AT(bytes, i) = (u8)speed_random(256);
	at->begin(where);
	at->open("log");
	(void)append_often(0, 10); // what is done once
	at->sync();
	speed_print_times("fsync-idle", times, append_often(0, appends));
	struct test test = speed_begin("stream");
	u32 count = append_often(mib, APPENDS_MAX);
	speed_end(test, (double)mib);
	if (!count)
		speed_fail("stream", "over before the first append");
	speed_print_times("fsync-beside", times, count);
	at->close();
	at->end();
}
