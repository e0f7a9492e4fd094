// SPDX-License-Identifier: MIT
// clock.h - time without a system call: the pages at CLOCK_AREA (exec/vdso/vdso.h).
#pragma once

#include "lib/os/clock_page.h"
#include "lib/posix/exec/vdso/vdso.h"

u64 posix_clock(void);       // monotonic nanoseconds, as all deadlines of the kernel
u64 posix_real(void);        // nanoseconds since 1970
i64 posix_real_offset(void); // what is added to the one for the other
// The same, and the value of the word at CLOCK_SEQUENCE that it belongs to: a futex, on which
// servers/clock wakes all when the clock was set.
u32 posix_real_offset_at(i64 *out);
constexpr u64 CLOCK_SEQUENCE =
	CLOCK_AREA + CLOCK_PAGE_OFFSET + offsetof(struct clock_page, sequence);
