// SPDX-License-Identifier: MIT
// set.c - setting the clock of the day: servers/clock does, for who has the connection that may.
// Processes lose it with their privileges.
#include "lib/posix/time/set.h"
#include "ifc/clock.h"
#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/time/units.h"
#include "os/syscalls.h"

constexpr u64 CAPABILITY_SYS_TIME = 1u << 25;

bool clock_may_set(void)
{
	return posix_self()->identity.credentials.effective & CAPABILITY_SYS_TIME &&
	       posix_self()->core.clock_setter.raw;
}

i64 clock_set_real(u64 real_ns)
{
	clock_t clock = { posix_self()->core.clock_setter };
	u64 now = posix_clock();
	if (!clock_may_set())
		return -EPERM;
	if (real_ns < now)
		return -EINVAL; // the system would have begun before 1970
	err_t err = clock_set(clock, (i64)(real_ns - now), 0);
	return err == ERR_RIGHTS ? -EPERM : err == OK ? 0 : -EINVAL;
}

i64 call_clock_settime(struct posix_thread *, const struct arguments *arguments)
{
	struct linux_timespec time;
	u64 ns;
	if (ARG_INT(0) != CLOCK_REALTIME)
		return -EINVAL;
	TRY_POSIX(user_get(time, ARG(1)));
	TRY_POSIX(time_of_timespec(&time, &ns));
	return clock_set_real(ns);
}

i64 call_settimeofday(struct posix_thread *, const struct arguments *arguments)
{
	struct linux_timeval time;
	u64 ns;
	if (!ARG(0))
		return 0; // a zone alone: kept by nobody
	TRY_POSIX(user_get(time, ARG(0)));
	TRY_POSIX(time_of_timeval(&time, &ns));
	return clock_set_real(ns);
}
