// SPDX-License-Identifier: MIT
// memory_map_test.c - painting, precedence, claims and the choice of places.
#include "boot/memory_map.h"
#include "lib/base/test.h"

static struct handover handover;
static struct memory_map map;
static struct complaint complaint;

static void report(u64 base, u64 size, u32 type)
{
	CHECK_OK(handover_add_range(&handover, base, size, type, &complaint));
}

static void start(void)
{
	handover = (struct handover){};
	map = (struct memory_map){};
}

static void check_range(u32 i, u64 base, u64 size, u32 kind)
{
	REQUIRE(i < map.count);
	CHECK_EQ(map.ranges[i].base, base);
	CHECK_EQ(map.ranges[i].size, size);
	CHECK_EQ(map.ranges[i].kind, kind);
}

TEST(reserved_wins_over_ram_whatever_the_order)
{
	start();
	report(0x5800, 0x1000, 2);
	report(0x1000, 0x9000, 1);
	REQUIRE_OK(memory_map_build(&map, &handover, &complaint));
	CHECK_EQ(map.count, 4u);
	check_range(0, 0, 0x1000, BOOT_RANGE_RESERVED);
	check_range(1, 0x1000, 0x4000, BOOT_RANGE_USABLE);
	check_range(2, 0x5000, 0x2000, BOOT_RANGE_RESERVED);
	check_range(3, 0x7000, 0x3000, BOOT_RANGE_USABLE);
}

TEST(ram_shrinks_to_whole_pages_and_neighbours_merge)
{
	start();
	report(0x1800, 0x1f00, 1);
	report(0x4000, 0x1000, 1);
	report(0x5000, 0x1000, 1);
	report(0x9001, 0xffe, 1);
	REQUIRE_OK(memory_map_build(&map, &handover, &complaint));
	CHECK_EQ(map.count, 3u);
	check_range(1, 0x2000, 0x1000, BOOT_RANGE_USABLE);
	check_range(2, 0x4000, 0x2000, BOOT_RANGE_USABLE);
}

TEST(ram_beyond_the_limit_is_cut)
{
	start();
	report(MEMORY_LIMIT - 0x1000, 0x5000, 1);
	report(MEMORY_LIMIT + 0x10000, 0x5000, 1);
	REQUIRE_OK(memory_map_build(&map, &handover, &complaint));
	check_range(1, MEMORY_LIMIT - 0x1000, 0x1000, BOOT_RANGE_USABLE);
	CHECK_EQ(map.count, 2u);
}

TEST(a_wrapping_range_is_refused)
{
	start();
	CHECK_EQ(handover_add_range(&handover, 0x2000, UINT64_MAX, 1, &complaint), ERR_CORRUPT);
	CHECK_OK(handover_add_range(&handover, 0x2000, 0, 1, &complaint));
	CHECK_EQ(handover.range_count, 0u);
}

TEST(claim_takes_only_usable_memory)
{
	start();
	report(0x1000, 0xf000, 1);
	report(0x20000, 0x10000, 1);
	REQUIRE_OK(memory_map_build(&map, &handover, &complaint));
	CHECK_OK(memory_map_claim(&map, 0x4000, 0x2000, BOOT_RANGE_KERNEL));
	check_range(2, 0x4000, 0x2000, BOOT_RANGE_KERNEL);
	CHECK_EQ(memory_map_claim(&map, 0x5000, 0x2000, BOOT_RANGE_LOADER), ERR_NOT_FOUND);
	CHECK_EQ(memory_map_claim(&map, 0xf000, 0x12000, BOOT_RANGE_LOADER), ERR_NOT_FOUND);
	CHECK_EQ(memory_map_claim(&map, UINT64_MAX - 1, 0x2000, BOOT_RANGE_LOADER), ERR_NOT_FOUND);
	CHECK_EQ(map.count, 5u);
}

TEST(tables_are_kept_whatever_the_firmware_called_their_pages)
{
	start();
	CHECK_OK(memory_map_paint(&map, 0x1000, 0x4000, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_paint(&map, 0x5000, 0x4000, BOOT_RANGE_RESERVED));
	CHECK_OK(memory_map_paint(&map, 0x9000, 0x1000, BOOT_RANGE_LOADER));
	CHECK_OK(memory_map_keep_table(&map, 0x4ff0, 0x20));
	check_range(1, 0x4000, 0x2000, BOOT_RANGE_ACPI);
	CHECK_OK(memory_map_keep_table(&map, 0x100123, 0x20));
	CHECK_EQ(memory_map_keep_table(&map, 0x8fff, 2), ERR_EXISTS);
	CHECK_EQ(memory_map_keep_table(&map, UINT64_MAX - 5, 9), ERR_RANGE);
	CHECK_EQ(map.count, 5u);
}

TEST(a_full_map_stays_as_it_is)
{
	start();
	for (u32 i = 0; i < BOOT_RANGES_MAX; i++)
		CHECK_OK(memory_map_paint(&map, i * 0x2000ull, 0x1000, BOOT_RANGE_USABLE));
	CHECK_EQ(memory_map_paint(&map, 0x1000000, 0x1000, BOOT_RANGE_USABLE), ERR_TOO_BIG);
	CHECK_EQ(map.count, BOOT_RANGES_MAX);
	check_range(BOOT_RANGES_MAX - 1, (BOOT_RANGES_MAX - 1) * 0x2000ull, 0x1000, BOOT_RANGE_USABLE);
}

TEST(places_run_from_the_lowest_to_the_highest)
{
	struct memory_request request = { 0x200000, 0x200000, 0x200000, 0x100000000 };
	u64 base = 0;
	start();
	CHECK_OK(memory_map_paint(&map, 0x100000, 0x700000, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_paint(&map, 0x2000000, 0x3fffff, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_paint(&map, 0x100000000, 0x10000000, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_place(&map, &request, 0, &base));
	CHECK_EQ(base, 0x200000u);
	CHECK_OK(memory_map_place(&map, &request, UINT32_MAX, &base));
	CHECK_EQ(base, 0x2000000u);
	CHECK_OK(memory_map_place(&map, &request, 0x80000000, &base));
	CHECK_EQ(base, 0x600000u); // third of four
	request.size = 0x800000;
	CHECK_EQ(memory_map_place(&map, &request, 7, &base), ERR_NO_MEMORY);
}
