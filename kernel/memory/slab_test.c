// SPDX-License-Identifier: MIT
// slab_test.c - all sizes: zeroed, apart from each other, given back.
#include "kernel/memory/slab.h"

#include <string.h>

#include "kernel/memory/machine_test.h"

TEST(slab_sizes)
{
	test_machine();
	for (usize size = 1; size <= 8192; size = size * 5 / 4 + 1) {
		u64 before = frames_free();
		u8 *objects[300];
		for (u32 i = 0; i < COUNT(objects); i++) {
			REQUIRE_OK(slab_alloc(size, (void **)&objects[i]));
			for (usize j = 0; j < size; j++)
				REQUIRE(objects[i][j] == 0);
			memset(objects[i], (int)i | 1, size);
		}
		for (u32 i = 0; i < COUNT(objects); i++)
			for (usize j = 0; j < size; j++)
				REQUIRE(objects[i][j] == (u8)(i | 1));
		for (u32 i = 0; i < COUNT(objects); i += 2)
			slab_free(objects[i], size);
		for (u32 i = 1; i < COUNT(objects); i += 2)
			slab_free(objects[i], size);
		CHECK(before - frames_free() <= 1); // one empty page is kept
	}
}
