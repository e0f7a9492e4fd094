// SPDX-License-Identifier: MIT
// clock_page.h - the page that servers/clock publishes: how far real time is ahead of the monotonic
// clock (abi/info.h: struct time_page). All zero while nobody knows: real time then begins at boot.
// Mapped read-only; read sequence, read fields, read sequence again; odd or changed: repeat.
#pragma once

#include "abi/types.h"

// What who keeps the time of day in step with others has said of it: Linux's struct timex, which
// has the units. It is told again; the clock goes as it goes.
struct clock_discipline {
	i64 frequency, max_error, estimated_error, constant, tick;
	u32 status;
	i32 atomic_offset; // of atomic time, seconds
};

struct clock_page {
	u32 sequence;
	u32 is_set;
	i64 real_offset_ns; // real time = monotonic time + this
	struct clock_discipline discipline;
};
static_assert(sizeof(struct clock_page) == 64);
