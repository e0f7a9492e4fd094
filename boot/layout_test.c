// SPDX-License-Identifier: MIT
// layout_test.c - extremes of the random choices on a small and a large machine; every mapping is
// then looked up as the processor would.
#include "boot/layout.h"
#include "boot/test_walk.h"
#include "lib/base/test.h"

#include "lib/base/bits.h"

constexpr u64 LINK = 0xffffffff80000000;
constexpr u64 LOADER = 0x100000;
constexpr u64 IMAGE = 0x3000000;

alignas(4096) static u8 tables[512 * PAGE_SIZE];
static struct layout layout;
static struct paging paging;
static struct complaint complaint;

static void start(u64 ram, u64 high_ram)
{
	layout = (struct layout){ .identity_paddr = LOADER + 0x3000 };
	layout.image = (struct kernel_image){ .link_vaddr = LINK,
		.size = 0x300000,
		.segment_count = 3,
		.segments = { { .size = 0x100000, .is_executable = true },
			{ .offset = 0x100000, .size = 0x80000 },
			{ .offset = 0x200000, .size = 0x100000, .is_writable = true } } };
	CHECK_OK(memory_map_paint(&layout.map, 0x1000, 0x9e000, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_paint(&layout.map, LOADER, ram - LOADER, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_paint(&layout.map, ram - 0x23000, 0x3000, BOOT_RANGE_ACPI));
	CHECK_OK(memory_map_paint(&layout.map, ram - 0x20000, 0x20000, BOOT_RANGE_RESERVED));
	if (high_ram)
		CHECK_OK(memory_map_paint(&layout.map, 1ull << 32, high_ram, BOOT_RANGE_USABLE));
	CHECK_OK(memory_map_claim(&layout.map, LOADER, 0x80000, BOOT_RANGE_LOADER));
	CHECK_OK(memory_map_claim(&layout.map, IMAGE, 0x123000, BOOT_RANGE_BOOT_IMAGE));
}

static struct layout_choice choose(u32 fraction)
{
	return (struct layout_choice){ fraction, fraction, fraction, UINT32_MAX };
}

static void check_direct_map(u64 paddr, u32 kind)
{
	u64 constant_end = layout.kernel_paddr + 0x180000;
	bool is_hole = paddr >= constant_end && paddr < layout.kernel_paddr + 0x200000;
	struct test_leaf leaf = test_walk(&paging, layout.direct_map_vaddr + paddr);
	bool is_constant = kind == BOOT_RANGE_ACPI || kind == BOOT_RANGE_SYMBOLS ||
	                   (kind == BOOT_RANGE_KERNEL && paddr < constant_end);
	if (kind == BOOT_RANGE_RESERVED || (kind == BOOT_RANGE_KERNEL && is_hole)) {
		CHECK(!leaf.is_present);
		return;
	}
	CHECK(leaf.is_present && !leaf.is_executable);
	CHECK_EQ(leaf.paddr, paddr);
	CHECK_EQ(leaf.is_writable, !is_constant);
}

static void check_mappings(void)
{
	for (u32 i = 0; i < layout.map.count; i++) {
		struct boot_range range = layout.map.ranges[i];
		u64 step = max_u64(range.size / 64, PAGE_SIZE);
		for (u64 at = 0; at < range.size; at += align_down(step, PAGE_SIZE))
			check_direct_map(range.base + at, range.kind);
		check_direct_map(range.base + range.size - PAGE_SIZE, range.kind);
	}
	u64 base = LINK + layout.kernel_slide;
	struct test_leaf leaf = test_walk(&paging, base + 0x1234);
	CHECK(leaf.is_executable && !leaf.is_writable && leaf.paddr == layout.kernel_paddr + 0x1234);
	leaf = test_walk(&paging, base + 0x17f000);
	CHECK(leaf.is_present && !leaf.is_executable && !leaf.is_writable);
	leaf = test_walk(&paging, base + 0x2ff000);
	CHECK(leaf.is_present && !leaf.is_executable && leaf.is_writable);
	CHECK(!test_walk(&paging, base + 0x300000).is_present);
	leaf = test_walk(&paging, layout.identity_paddr);
	CHECK(leaf.is_executable && !leaf.is_writable && leaf.paddr == layout.identity_paddr);
	CHECK(!test_walk(&paging, layout.identity_paddr - PAGE_SIZE).is_present);
}

static void check_layout(u64 ram, u64 high_ram, u32 fraction)
{
	struct layout_choice choice = choose(fraction);
	start(ram, high_ram);
	REQUIRE_OK(layout_choose(&layout, &choice, 0x4321, &complaint));
	CHECK(is_aligned(layout.kernel_paddr | layout.kernel_slide, LARGE_PAGE_SIZE));
	CHECK(LINK + layout.kernel_slide + layout.image.size <= LAYOUT_KERNEL_TOP);
	CHECK(layout.kernel_slide < LAYOUT_KERNEL_TOP - LINK);
	u64 slot = layout.direct_map_vaddr >> 39 & 511;
	CHECK(slot >= 272 && slot <= 375);
	CHECK(layout.cpu_start_paddr && layout.cpu_start_paddr < 0xa0000);
	REQUIRE(layout.tables_size <= sizeof tables);
	span_t span = span_clamp(span_of(tables), 0, layout.tables_size);
	REQUIRE_OK(paging_init(&paging, span, layout.tables_paddr));
	REQUIRE_OK(layout_map(&layout, &paging, &complaint));
	check_mappings();
}

TEST(layout_on_64_mib)
{
	check_layout(64 << 20, 0, 0);
	check_layout(64 << 20, 0, 0x7654321);
	check_layout(64 << 20, 0, UINT32_MAX);
}

TEST(layout_on_many_gib)
{
	check_layout(2048ull << 20, 12ull << 30, 0);
	check_layout(2048ull << 20, 300ull << 30, 0x98765432);
	check_layout(2048ull << 20, 12ull << 30, UINT32_MAX);
}

TEST(layout_without_kaslr_is_the_lowest)
{
	struct layout_choice choice = choose(0);
	start(64 << 20, 0);
	REQUIRE_OK(layout_choose(&layout, &choice, 0, &complaint));
	CHECK_EQ(layout.kernel_slide, 0u);
	CHECK_EQ(layout.kernel_paddr, 0x200000u);
	CHECK_EQ(layout.direct_map_vaddr, 0xffff880000000000);
}

TEST(layout_says_what_does_not_fit)
{
	struct layout_choice choice = choose(0);
	start(64 << 20, 0);
	layout.image.size = 128 << 20;
	CHECK_EQ(layout_choose(&layout, &choice, 0, &complaint), ERR_CORRUPT);
	start(64 << 20, 0);
	layout.image.link_vaddr = 0x400000;
	CHECK_EQ(layout_choose(&layout, &choice, 0, &complaint), ERR_CORRUPT);
	start(64 << 20, 0);
	CHECK_EQ(layout_choose(&layout, &choice, 1ull << 30, &complaint), ERR_CORRUPT);
}
