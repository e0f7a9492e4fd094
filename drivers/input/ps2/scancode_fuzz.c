// SPDX-License-Identifier: MIT
// scancode_fuzz.c - any bytes: keys have numbers below 128.
#include "drivers/input/ps2/scancode.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct scancode_decoder decoder = {};
	view_t input = view_from(data, size);
	u16 record;
	for (usize i = 0; i < input.size; i++)
		if (scancode_feed(&decoder, view_at(input, i), &record))
			assert((record & 0xff) < 128);
	return 0;
}
