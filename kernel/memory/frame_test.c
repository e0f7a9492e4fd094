// SPDX-License-Identifier: MIT
// frame_test.c - blocks are aligned, disjoint, counted exactly, and grow together again.
#include "kernel/memory/frame.h"

#include <string.h>

#include "kernel/memory/machine_test.h"

TEST(frame_orders)
{
	test_machine();
	for (u32 order = 0; order <= FRAME_ORDER_MAX; order++) {
		u64 before = frames_free();
		paddr_t block;
		REQUIRE_OK(frame_alloc(order, FRAME_KERNEL, &block));
		CHECK_EQ(block.raw & ((PAGE_SIZE << order) - 1), 0);
		CHECK_EQ(frames_free(), before - (1ull << order));
		CHECK_EQ(frame_of(block)->references, 1);
		memset(frame_address(block), 0xaa, PAGE_SIZE << order);
		frame_free(block, order);
		CHECK_EQ(frames_free(), before);
	}
	paddr_t none;
	CHECK_EQ(frame_alloc(FRAME_ORDER_MAX + 1, FRAME_KERNEL, &none), ERR_NO_MEMORY);
}

// What was given back one by one is there again as the largest blocks.
static void check_joined(u64 before)
{
	static paddr_t blocks[TEST_RAM / PAGE_SIZE];
	u32 large = 0;
	while (frame_alloc(FRAME_ORDER_MAX, FRAME_KERNEL, &blocks[large]) == OK)
		large++;
	CHECK(large >= before / 1024 - 4);
	while (large)
		frame_free(blocks[--large], FRAME_ORDER_MAX);
	CHECK_EQ(frames_free(), before);
}

// Everything in single frames, given back in another order: the large blocks are there again.
TEST(frame_exhaust_and_merge)
{
	test_machine();
	static paddr_t frames[TEST_RAM / PAGE_SIZE];
	u64 before = frames_free();
	u32 count = 0;
	while (count < COUNT(frames) && frame_alloc(0, FRAME_KERNEL, &frames[count]) == OK)
		memset(frame_address(frames[count++]), 1, PAGE_SIZE);
	CHECK_EQ(count, before);
	CHECK_EQ(frames_free(), 0);
	for (u32 step = 0; step < 7; step++)
		for (u32 i = step; i < count; i += 7)
			frame_free(frames[i], 0);
	CHECK_EQ(frames_free(), before);
	check_joined(before);
}

TEST(frame_split_and_references)
{
	test_machine();
	u64 before = frames_free();
	paddr_t block;
	REQUIRE_OK(frame_alloc(3, FRAME_MEMORY, &block));
	frame_split(block, 3);
	frame_get(block);
	for (u64 i = 0; i < 8; i++)
		frame_put((paddr_t){ block.raw + i * PAGE_SIZE });
	CHECK_EQ(frames_free(), before - 1);
	frame_put(block);
	CHECK_EQ(frames_free(), before);
}

// Frames that were given back as zeros are found again as zeros, are counted, and serve others too.
TEST(frame_zeroed)
{
	test_machine();
	static paddr_t frames[TEST_RAM / PAGE_SIZE];
	u64 before = frames_free();
	paddr_t first, again;
	REQUIRE_OK(frame_alloc(0, FRAME_TABLE, &first));
	memset(frame_address(first), 0, PAGE_SIZE);
	frame_free_zeroed(first);
	CHECK_EQ(frames_free(), before);
	REQUIRE_OK(frame_alloc_zeroed(FRAME_TABLE, &again));
	const u8 *bytes = frame_address(again);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		REQUIRE(bytes[i] == 0);
	frame_free_zeroed(again);
	u32 count = 0;
	while (count < COUNT(frames) && frame_alloc(0, FRAME_KERNEL, &frames[count]) == OK)
		count++;
	CHECK_EQ(count, before);
	while (count) {
		memset(frame_address(frames[--count]), 0, PAGE_SIZE);
		frame_free_zeroed(frames[count]); // more than are kept
	}
	CHECK_EQ(frames_free(), before);
	check_joined(before);
}
