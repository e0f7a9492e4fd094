// SPDX-License-Identifier: MIT
// adjtimex and clock_adjtime: what is said of the clock, who may say it. Nothing here moves it.
#include "test/posix/test.h"
#include <sys/syscall.h>
#include <sys/timex.h>

static void refused(void)
{
	struct timex told = { .modes = 0x8000 };
	fails(syscall(SYS_adjtimex, &told), EINVAL, "adjtime without an offset");
	is(told.tick, 0, "and nothing is told");
	fails(syscall(SYS_adjtimex, bad_address), EFAULT, "bad address");
	told.modes = 0;
	fails(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &told), EOPNOTSUPP, "the monotonic clock");
	fails(syscall(SYS_clock_adjtime, 99, &told), EINVAL, "no clock");
}

static void asked(void)
{
	struct timex told = {};
	struct timespec now;
	long state = syscall(SYS_adjtimex, &told);
	clock_gettime(CLOCK_REALTIME, &now);
	check(state == TIME_OK || state == TIME_ERROR, "adjtimex that asks");
	is(state == TIME_ERROR, (told.status & STA_UNSYNC) != 0, "TIME_ERROR: not synchronized");
	check(told.tick >= 9000 && told.tick <= 11000, "tick");
	is(told.precision, 1, "precision");
	is(told.tolerance, 500 << 16, "tolerance");
	check(now.tv_sec - told.time.tv_sec <= 20 && now.tv_sec >= told.time.tv_sec, "the time of day");
	told = (struct timex){ .modes = 0xa001 };
	check(syscall(SYS_adjtimex, &told) >= 0, "what is left of adjtime");
	told.modes = 0;
	is(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &told), state, "clock_adjtime says the same");
}

static int without_privileges(void)
{
	struct timex told = {};
	setgid(65534);
	setuid(65534);
	check(syscall(SYS_adjtimex, &told) >= 0, "anybody may ask");
	for (unsigned mode = 1; mode <= 0x8000; mode *= 2) {
		told.modes = mode == 0x8000 ? 0x8001 : mode;
		if (mode != 0x40 && mode != 0x200 && mode != 0x400 && mode != 0x800)
			fails(syscall(SYS_adjtimex, &told), EPERM, "but not say");
	}
	told.modes = ADJ_TICK;
	told.tick = 1;
	fails(syscall(SYS_adjtimex, &told), EPERM, "not even what cannot be");
	return failures ? 1 : 0;
}

static void is_said(const struct timex *before)
{
	struct timex told = *before;
	told.modes = ADJ_TICK;
	told.tick = 8999;
	fails(syscall(SYS_adjtimex, &told), EINVAL, "a tick that is too short");
	told.tick = 11001;
	fails(syscall(SYS_adjtimex, &told), EINVAL, "too long");
	told.modes = ADJ_SETOFFSET;
	told.time = (struct timeval){ 0, -1 };
	fails(syscall(SYS_adjtimex, &told), EINVAL, "a time before its second");
	told.time.tv_usec = 1000000;
	fails(syscall(SYS_adjtimex, &told), EINVAL, "behind it");
	told = *before;
	told.modes = ADJ_ESTERROR | ADJ_MAXERROR;
	told.esterror = 4711;
	told.maxerror = 4712;
	check(syscall(SYS_adjtimex, &told) >= 0, "errors are said");
	told = (struct timex){};
	check(syscall(SYS_adjtimex, &told) >= 0 && told.esterror == 4711, "and told");
	check(told.maxerror >= 4712, "the larger one grows");
	told.modes = ADJ_ESTERROR | ADJ_MAXERROR;
	told.esterror = before->esterror;
	told.maxerror = before->maxerror;
	check(syscall(SYS_adjtimex, &told) >= 0, "as before");
}

int main(void)
{
	struct timex told = {}, again;
	refused();
	asked();
	if (getuid() != 0)
		return done();
	is(child_end(child(without_privileges)), 0, "somebody without privileges");
	need(syscall(SYS_adjtimex, &told) >= 0, "adjtimex");
	again = told;
	again.modes = ADJ_ESTERROR;
	if (syscall(SYS_adjtimex, &again) >= 0) // a root without that power says nothing
		is_said(&told);
	return done();
}
