// SPDX-License-Identifier: MIT
// units.c - see units.h.
#include "lib/posix/time/units.h"

#include "lib/posix/core/clock.h"
#include "lib/posix/linux/errno.h"

static i64 checked(i64 seconds, i64 part, i64 parts, u64 *out)
{
	if (seconds < 0 || part < 0 || part >= parts)
		return -EINVAL;
	u64 most = TIME_MAX_NS / SECOND_NS - 1;
	u64 whole = (u64)seconds < most ? (u64)seconds : most;
	*out = whole * SECOND_NS + (u64)part * (SECOND_NS / (u64)parts);
	return 0;
}

i64 time_of_timespec(const struct linux_timespec *from, u64 *out)
{
	return checked(from->seconds, from->nanoseconds, (i64)SECOND_NS, out);
}

i64 time_of_timeval(const struct linux_timeval *from, u64 *out)
{
	return checked(from->seconds, from->microseconds, (i64)(SECOND_NS / MICROSECOND_NS), out);
}

u64 time_from_now(u64 ns)
{
	return posix_clock() + (ns < TIME_MAX_NS ? ns : TIME_MAX_NS);
}

u64 time_to_monotonic(u64 moment, bool is_real)
{
	if (is_real) {
		u64 offset = posix_real() - posix_clock();
		moment = moment > offset ? moment - offset : 0;
	}
	return moment ? moment : 1;
}
