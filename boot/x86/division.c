// SPDX-License-Identifier: MIT
// division.c - 64-bit division for lib/base on a 32-bit processor, under the name by which the
// compiler calls it. Bit by bit: it runs a handful of times.
#include "abi/types.h"

u64 __umoddi3(u64 dividend, u64 divisor);

u64 __umoddi3(u64 dividend, u64 divisor)
{
	u64 rest = 0;
	if (!divisor)
		__builtin_trap();
	for (int bit = 63; bit >= 0; bit--) {
		bool is_carry = rest >> 63;
		rest = rest << 1 | (dividend >> bit & 1);
		if (is_carry || rest >= divisor)
			rest -= divisor;
	}
	return rest;
}
