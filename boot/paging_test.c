// SPDX-License-Identifier: MIT
// paging_test.c - mappings are found by a walk, large where possible, and never twice.
#include "boot/test_walk.h"
#include "lib/base/test.h"

constexpr u64 PADDR = 0x7000000;
constexpr u64 UPPER = 0xffff880000000000;

alignas(4096) static u8 tables[64 * PAGE_SIZE];
static struct paging paging;

static void start(usize pages)
{
	CHECK_OK(paging_init(&paging, span_clamp(span_of(tables), 0, pages * PAGE_SIZE), PADDR));
}

TEST(paging_uses_large_pages_inside_and_small_ones_at_the_ends)
{
	start(64);
	REQUIRE_OK(paging_map(&paging, UPPER + 0x1ff000, 0x1ff000, 0x402000, PAGING_WRITE));
	CHECK(!test_walk(&paging, UPPER + 0x1fe000).is_present);
	struct test_leaf leaf = test_walk(&paging, UPPER + 0x1ff123);
	CHECK(leaf.is_present && !leaf.is_large && leaf.is_writable && !leaf.is_executable);
	CHECK_EQ(leaf.paddr, 0x1ff123u);
	leaf = test_walk(&paging, UPPER + 0x3abcde);
	CHECK(leaf.is_present && leaf.is_large && leaf.is_global);
	CHECK_EQ(leaf.paddr, 0x3abcdeu);
	CHECK(!test_walk(&paging, UPPER + 0x600000).is_large);
	CHECK(!test_walk(&paging, UPPER + 0x601000).is_present);
}

TEST(paging_access_kinds)
{
	start(64);
	REQUIRE_OK(paging_map(&paging, 0x100000, 0x100000, PAGE_SIZE, PAGING_EXECUTE));
	REQUIRE_OK(paging_map(&paging, UPPER, 0, PAGE_SIZE, PAGING_READ));
	REQUIRE_OK(paging_map(&paging, UPPER + 0x5000, 0, PAGE_SIZE, PAGING_KERNEL_EXECUTE));
	struct test_leaf leaf = test_walk(&paging, 0x100000);
	CHECK(leaf.is_present && leaf.is_executable && !leaf.is_writable && !leaf.is_global);
	leaf = test_walk(&paging, UPPER);
	CHECK(leaf.is_present && !leaf.is_executable && !leaf.is_writable);
	leaf = test_walk(&paging, UPPER + 0x5000);
	CHECK(leaf.is_present && leaf.is_executable && !leaf.is_writable && leaf.is_global);
}

TEST(paging_never_maps_twice)
{
	start(64);
	REQUIRE_OK(paging_map(&paging, UPPER, 0, LARGE_PAGE_SIZE, PAGING_WRITE));
	CHECK_EQ(paging_map(&paging, UPPER + 0x1000, 0, PAGE_SIZE, PAGING_READ), ERR_EXISTS);
	REQUIRE_OK(paging_map(&paging, UPPER + LARGE_PAGE_SIZE, 0, PAGE_SIZE, PAGING_READ));
	CHECK_EQ(
		paging_map(&paging, UPPER + LARGE_PAGE_SIZE, 0, LARGE_PAGE_SIZE, PAGING_READ), ERR_EXISTS);
	CHECK_EQ(paging_map(&paging, UPPER + LARGE_PAGE_SIZE, 0, PAGE_SIZE, PAGING_READ), ERR_EXISTS);
}

TEST(paging_refuses_odd_addresses_and_says_when_tables_run_out)
{
	start(3);
	CHECK_EQ(paging_map(&paging, UPPER + 1, 0, PAGE_SIZE, PAGING_READ), ERR_ALIGNMENT);
	CHECK_EQ(paging_map(&paging, UPPER, 0, PAGE_SIZE + 8, PAGING_READ), ERR_ALIGNMENT);
	CHECK_EQ(paging_map(&paging, UPPER, 0, PAGE_SIZE, PAGING_READ), ERR_NO_MEMORY);
	CHECK_OK(paging_map(&paging, UPPER, 0, LARGE_PAGE_SIZE, PAGING_READ));
}
