// SPDX-License-Identifier: MIT
// multiboot2_test.c - tags in, handover out; then tags that lie about their size.
#include "boot/multiboot2.h"
#include "boot/test_bytes.h"
#include "lib/base/test.h"

constexpr u64 INFO = 0x1000;

static struct test_memory memory;
static struct handover handover;
static struct complaint complaint;
static u64 end; // where the next tag goes

static void start(void)
{
	memory = (struct test_memory){};
	handover = (struct handover){};
	end = INFO + 8;
}

static u64 add_tag(u32 type, u32 body_size)
{
	u64 body = end + 8;
	test_put(&memory, end, type, 4);
	test_put(&memory, end + 4, body_size + 8, 4);
	end = (body + body_size + 7) & ~7ull;
	return body;
}

static void add_map(void)
{
	u64 body = add_tag(6, 8 + 24);
	test_put(&memory, body, 24, 4);
	test_put(&memory, body + 8, 0x100000, 8);
	test_put(&memory, body + 16, 0x800000, 8);
	test_put(&memory, body + 24, 1, 4);
}

static err_t parse(void)
{
	add_tag(0, 0);
	test_put(&memory, INFO, end - INFO, 4);
	return multiboot2_parse(test_physical(&memory), INFO, &handover, &complaint);
}

TEST(multiboot2_all_tags)
{
	start();
	test_put_text(&memory, add_tag(1, 6), "a b c");
	u64 module = add_tag(3, 9);
	test_put(&memory, module, 0x300000, 4);
	test_put(&memory, module + 4, 0x312345, 4);
	add_map();
	u64 screen = add_tag(8, 30);
	test_put(&memory, screen, 0xfd000000, 8);
	test_put(&memory, screen + 8, 4096, 4);
	test_put(&memory, screen + 12, 1024, 4);
	test_put(&memory, screen + 16, 768, 4);
	test_put(&memory, screen + 20, 0x0120, 2);
	test_put(&memory, screen + 24, 0x080008080810, 6);
	test_put_text(&memory, add_tag(14, 20), "old");
	test_put_text(&memory, add_tag(15, 36), "new");
	add_tag(0x4711, 3);
	REQUIRE_OK(parse());
	CHECK(view_equal(view_cstring(handover.command_line), VIEW_TEXT("a b c")));
	CHECK_EQ(handover.boot_image_paddr, 0x300000u);
	CHECK_EQ(handover.boot_image_size, 0x12345u);
	CHECK_EQ(handover.range_count, 1u);
	CHECK_EQ(handover.framebuffer.kind, BOOT_FRAMEBUFFER_RGB);
	CHECK_EQ(handover.framebuffer.width, 1024u);
	CHECK_EQ(handover.framebuffer.red_shift, 16);
	CHECK_EQ(handover.framebuffer.green_shift, 8);
	CHECK_EQ(handover.framebuffer.blue_shift, 0);
	CHECK(view_starts_with(handover.rsdp, VIEW_TEXT("new")));
}

TEST(multiboot2_senseless_screen_is_no_screen)
{
	start();
	add_map();
	u64 screen = add_tag(8, 30);
	test_put(&memory, screen, 0xfd000000, 8);
	test_put(&memory, screen + 8, 4, 4); // pitch shorter than a line
	test_put(&memory, screen + 12, 1024, 4);
	test_put(&memory, screen + 16, 768, 4);
	test_put(&memory, screen + 20, 0x0120, 2);
	CHECK_OK(parse());
	CHECK_EQ(handover.framebuffer.kind, BOOT_FRAMEBUFFER_NONE);
}

TEST(multiboot2_needs_a_memory_map)
{
	start();
	CHECK_EQ(parse(), ERR_CORRUPT);
}

TEST(multiboot2_short_and_odd_tags_are_refused)
{
	start();
	add_tag(3, 7);
	CHECK_EQ(parse(), ERR_CORRUPT);
	start();
	u64 module = add_tag(3, 8);
	test_put(&memory, module, 2, 4); // ends before it starts
	CHECK_EQ(parse(), ERR_CORRUPT);
	start();
	test_put(&memory, add_tag(6, 32), 8, 4); // entry size
	CHECK_EQ(parse(), ERR_CORRUPT);
	start();
	u64 odd = add_tag(9, 8);
	test_put(&memory, odd - 4, 7, 4); // smaller than its own header
	CHECK_EQ(parse(), ERR_CORRUPT);
	start();
	u64 large = add_tag(9, 8);
	test_put(&memory, large - 4, UINT32_MAX, 4);
	CHECK_EQ(parse(), ERR_CORRUPT);
}

TEST(multiboot2_size_is_checked)
{
	start();
	add_map();
	CHECK_OK(parse());
	static const u32 sizes[] = { 0, 15, 48, 0x7800, UINT32_MAX };
	for (u32 i = 0; i < COUNT(sizes); i++) {
		handover = (struct handover){};
		test_put(&memory, INFO, AT(sizes, i), 4);
		CHECK_EQ(
			multiboot2_parse(test_physical(&memory), INFO, &handover, &complaint), ERR_CORRUPT);
	}
}
