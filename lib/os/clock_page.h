// SPDX-License-Identifier: MIT
// clock_page.h - the page that servers/clock publishes: how far real time is ahead of the monotonic
// clock (abi/info.h: struct time_page). All zero while nobody knows: real time then begins at boot.
// Mapped read-only; read sequence, read fields, read sequence again; odd or changed: repeat.
#pragma once

#include "abi/types.h"

struct clock_page {
	u32 sequence;
	u32 is_set;
	i64 real_offset_ns; // real time = monotonic time + this
};
static_assert(sizeof(struct clock_page) == 16);
