// SPDX-License-Identifier: MIT
// clock.h - time without a system call: the pages at CLOCK_AREA (exec/vdso/vdso.h).
#pragma once

#include "abi/types.h"

u64 posix_clock(void);       // monotonic nanoseconds, as all deadlines of the kernel
u64 posix_real(void);        // nanoseconds since 1970
i64 posix_real_offset(void); // what is added to the one for the other
