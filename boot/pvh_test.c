// SPDX-License-Identifier: MIT
// pvh_test.c - a good start info, and each way in which one can be bad.
#include "boot/pvh.h"
#include "boot/test_bytes.h"
#include "lib/base/test.h"

constexpr u64 INFO = 0x1000;
constexpr u64 MODULES = 0x1100;
constexpr u64 LINE = 0x1200;
constexpr u64 MAP = 0x2000;

static struct test_memory memory;
static struct handover handover;
static struct complaint complaint;

static void fill(void)
{
	memory = (struct test_memory){};
	handover = (struct handover){};
	test_put(&memory, INFO, 0x336ec578, 4);
	test_put(&memory, INFO + 4, 1, 4);
	test_put(&memory, INFO + 12, 1, 4);
	test_put(&memory, INFO + 16, MODULES, 8);
	test_put(&memory, INFO + 24, LINE, 8);
	test_put(&memory, INFO + 32, 0xf0000, 8);
	test_put(&memory, INFO + 40, MAP, 8);
	test_put(&memory, INFO + 48, 2, 4);
	test_put(&memory, MODULES, 0x700000, 8);
	test_put(&memory, MODULES + 8, 0x1234, 8);
	test_put_text(&memory, LINE, "init=/bin/sh");
	test_put(&memory, MAP, 0x100000, 8);
	test_put(&memory, MAP + 8, 0x900000, 8);
	test_put(&memory, MAP + 16, 1, 4);
	test_put(&memory, MAP + 24, 0xf0000, 8);
	test_put(&memory, MAP + 32, 0x10000, 8);
	test_put(&memory, MAP + 40, 3, 4);
}

static err_t parse(void)
{
	return pvh_parse(test_physical(&memory), INFO, &handover, &complaint);
}

TEST(pvh_good_start_info)
{
	fill();
	REQUIRE_OK(parse());
	CHECK_EQ(handover.range_count, 2u);
	CHECK_EQ(handover.ranges[0].kind, BOOT_RANGE_USABLE);
	CHECK_EQ(handover.ranges[1].kind, BOOT_RANGE_ACPI);
	CHECK_EQ(handover.boot_image_paddr, 0x700000u);
	CHECK_EQ(handover.boot_image_size, 0x1234u);
	CHECK_EQ(handover.rsdp_paddr, 0xf0000u);
	CHECK(view_equal(view_cstring(handover.command_line), VIEW_TEXT("init=/bin/sh")));
	CHECK_EQ(handover.framebuffer.kind, BOOT_FRAMEBUFFER_NONE);
}

TEST(pvh_text_screen_if_the_bios_says_so)
{
	fill();
	test_put(&memory, 0x449, 3, 1);
	REQUIRE_OK(parse());
	CHECK_EQ(handover.framebuffer.kind, BOOT_FRAMEBUFFER_TEXT);
}

static void check_bad(u64 paddr, u64 value, usize size)
{
	fill();
	test_put(&memory, paddr, value, size);
	complaint = (struct complaint){};
	CHECK_EQ(parse(), ERR_CORRUPT);
	CHECK(complaint.text != nullptr);
}

TEST(pvh_bad_numbers_are_refused)
{
	check_bad(INFO, 0x336ec577, 4);
	check_bad(INFO + 4, 0, 4);            // version without a memory map
	check_bad(INFO + 12, 17, 4);          // modules
	check_bad(INFO + 16, 1ull << 40, 8);  // module list far away
	check_bad(INFO + 40, UINT64_MAX, 8);  // memory map at the end of the world
	check_bad(INFO + 40, 0x8400 - 40, 8); // memory map crosses the end
	check_bad(INFO + 48, 0, 4);
	check_bad(INFO + 48, UINT32_MAX, 4);
	check_bad(MODULES, UINT64_MAX, 8);
	check_bad(MODULES + 8, UINT64_MAX, 8);
	check_bad(MAP + 8, UINT64_MAX, 8);
}

TEST(pvh_start_info_outside_of_memory)
{
	fill();
	CHECK_EQ(pvh_parse(test_physical(&memory), 0x8400 - 8, &handover, &complaint), ERR_CORRUPT);
	CHECK_EQ(pvh_parse(test_physical(&memory), 0x10, &handover, &complaint), ERR_CORRUPT);
}

TEST(command_line_fits_or_is_refused)
{
	fill();
	for (u32 i = 0; i < BOOT_COMMAND_LINE_MAX - 1; i++)
		test_put(&memory, LINE + i, 'x', 1);
	CHECK_OK(parse());
	test_put(&memory, LINE + BOOT_COMMAND_LINE_MAX - 1, 'x', 1);
	CHECK_EQ(parse(), ERR_CORRUPT);
}
