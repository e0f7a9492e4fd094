// SPDX-License-Identifier: MIT
// syscall_fuzz.c - the storm with a fuzzer's bytes for dice: each input is one world, from its
// first process to the audit after its last.
#include <stdlib.h>

#include "lib/base/test.h"
#include "test/host/storm.h"

constexpr usize INPUT_MIN = 8;
constexpr u32 STEPS_MAX = 4000;

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	if (size < INPUT_MIN)
		return 0;
	struct dice dice = { .bytes = data, .size = size, .next = 1 };
	storm_begin(1 + data[0] % 4, 1);
	for (u32 i = 0; i < STEPS_MAX && !dice_is_empty(&dice); i++)
		storm_step(&dice);
	if (!storm_end())
		abort();
	return 0;
}
