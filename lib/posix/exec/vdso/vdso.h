// SPDX-License-Identifier: MIT
// vdso.h - where every POSIX process sees the clocks: two pages beside the library, readable by the
// library itself and by the code of the vDSO, which lies in the program's half.
#pragma once

#include "abi/types.h"

constexpr u64 CLOCK_AREA =
	0xffff'8000'1010'0000; // page 0: struct time_page, page 1: struct clock_page
constexpr u64 CLOCK_PAGE_OFFSET = PAGE_SIZE;
