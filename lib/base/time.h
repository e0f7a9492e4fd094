// SPDX-License-Identifier: MIT
// time.h - units of time. All times are u64 nanoseconds; a deadline is a point of the monotonic
// clock, DEADLINE_NEVER (abi/types.h) is none.
#pragma once

#include "abi/types.h"

constexpr u64 NS_PER_US = 1000;
constexpr u64 NS_PER_MS = 1000 * NS_PER_US;
constexpr u64 NS_PER_SECOND = 1000 * NS_PER_MS;
constexpr u64 US_PER_SECOND = 1000 * 1000;
constexpr u64 MS_PER_SECOND = 1000;

// A deadline that far after now; one that would overflow is never.
static inline u64 deadline_after(u64 now_ns, u64 delay_ns)
{
	return delay_ns < DEADLINE_NEVER - now_ns ? now_ns + delay_ns : DEADLINE_NEVER;
}
