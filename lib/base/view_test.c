// SPDX-License-Identifier: MIT
// view_test.c - views, spans, AT and the reader: edges and what lies beyond them.
#include "lib/base/reader.h"
#include "lib/base/test.h"

static void read_outside(void *argument)
{
	static u32 array[4];
	AT(array, *(usize *)argument) = 1;
}

static void view_outside(void *argument)
{
	u8 byte = view_at(VIEW_TEXT("abc"), *(usize *)argument);
	(void)*(volatile u8 *)&byte;
}

TEST(view_at_traps_outside)
{
	usize inside = 2;
	usize outside = 4;
	usize huge = SIZE_MAX;
	CHECK(!test_dies(read_outside, &inside));
	CHECK(test_dies(read_outside, &outside));
	CHECK(test_dies(read_outside, &huge));
	CHECK(!test_dies(view_outside, &inside));
	CHECK(test_dies(view_outside, &outside));
}

TEST(view_sub_checks_both_ends)
{
	view_t text = VIEW_TEXT("carbide");
	view_t part = {};
	REQUIRE_OK(view_sub(text, 3, 4, &part));
	CHECK(view_equal(part, VIEW_TEXT("bide")));
	CHECK_OK(view_sub(text, 7, 0, &part));
	CHECK_EQ(part.size, 0);
	CHECK_EQ(view_sub(text, 3, 5, &part), ERR_RANGE);
	CHECK_EQ(view_sub(text, 8, 0, &part), ERR_RANGE);
	CHECK_EQ(view_sub(text, 1, SIZE_MAX, &part), ERR_RANGE);
	CHECK_EQ(view_sub(text, SIZE_MAX, 2, &part), ERR_RANGE);
}

TEST(view_clamp_never_leaves)
{
	view_t text = VIEW_TEXT("carbide");
	CHECK(view_equal(view_clamp(text, 3, 100), VIEW_TEXT("bide")));
	CHECK(view_equal(view_clamp(text, 0, 3), VIEW_TEXT("car")));
	CHECK_EQ(view_clamp(text, 9, SIZE_MAX).size, 0);
	CHECK(view_equal(view_from_offset(text, 6), VIEW_TEXT("e")));
	CHECK_EQ(view_from_offset((view_t){}, 0).size, 0);
}

TEST(view_compares_and_finds)
{
	view_t text = VIEW_TEXT("carbide");
	CHECK(view_equal((view_t){}, VIEW_TEXT("")));
	CHECK(!view_equal(text, VIEW_TEXT("carbidE")));
	CHECK(view_starts_with(text, VIEW_TEXT("car")));
	CHECK(view_starts_with(text, (view_t){}));
	CHECK(!view_starts_with(VIEW_TEXT("ca"), VIEW_TEXT("car")));
	CHECK_EQ(view_find(text, 'b'), 3);
	CHECK_EQ(view_find(text, 'z'), 7);
	CHECK(view_equal(view_cstring("carbide"), text));
}

TEST(span_copy_all_or_nothing)
{
	u8 bytes[4] = { 1, 2, 3, 4 };
	CHECK_EQ(span_copy(span_of(bytes), VIEW_TEXT("abcde")), ERR_RANGE);
	CHECK_EQ(bytes[0], 1);
	CHECK_OK(span_copy(span_of(bytes), VIEW_TEXT("ab")));
	CHECK_EQ(bytes[1], 'b');
	CHECK_EQ(bytes[2], 3);
	CHECK_OK(span_copy(span_of(bytes), (view_t){}));
	CHECK_OK(span_copy((span_t){}, (view_t){}));
	span_t part = {};
	CHECK_EQ(span_sub(span_of(bytes), 2, 3, &part), ERR_RANGE);
	REQUIRE_OK(span_sub(span_of(bytes), 2, 2, &part));
	span_fill(part, 9);
	CHECK_EQ(bytes[1], 'b');
	CHECK_EQ(bytes[3], 9);
}

TEST(view_as_refuses_misaligned_and_cut)
{
	alignas(8) u8 bytes[16] = { 7 };
	const u32 *word = VIEW_AS(u32, view_of(bytes), 0);
	REQUIRE(word != nullptr);
	CHECK_EQ(*word, 7);
	CHECK(VIEW_AS(u32, view_of(bytes), 2) == nullptr);
	CHECK(VIEW_AS(u64, view_of(bytes), 8) != nullptr);
	CHECK(VIEW_AS(u64, view_of(bytes), 16) == nullptr);
	u64 loaded = 5;
	CHECK_EQ(view_load(view_of(bytes), 9, span_of(loaded)), ERR_RANGE);
	CHECK_EQ(loaded, 5);
	CHECK_OK(view_load(view_of(bytes), 0, span_of(loaded)));
	CHECK_EQ(loaded, 7);
}

TEST(reader_takes_little_endian)
{
	static const u8 bytes[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 1, 2, 3, 4, 5, 6, 7, 8,
		9 };
	reader_t reader = reader_of_view(view_of(bytes));
	u8 one = 0;
	u16 two = 0;
	u32 four = 0;
	u64 eight = 0;
	CHECK_OK(reader_take_u8(&reader, &one));
	CHECK_OK(reader_take_u16(&reader, &two));
	CHECK_OK(reader_take_u32(&reader, &four));
	CHECK_OK(reader_take_u64(&reader, &eight));
	CHECK_EQ(one, 0x11);
	CHECK_EQ(two, 0x3322);
	CHECK_EQ(four, 0x77665544);
	CHECK_EQ(eight, 0x0807060504030201);
	CHECK_EQ(reader_left(&reader), 1);
	CHECK_EQ(reader_take_u16(&reader, &two), ERR_CORRUPT);
	CHECK_EQ(two, 0x3322);
	CHECK_EQ(reader_left(&reader), 1);
}

TEST(reader_aligns_and_skips)
{
	reader_t reader = reader_of_view(VIEW_TEXT("0123456789"));
	view_t part = {};
	CHECK_OK(reader_align(&reader, 4));
	CHECK_EQ(reader.offset, 0);
	CHECK_OK(reader_skip(&reader, 1));
	CHECK_OK(reader_align(&reader, 4));
	CHECK_EQ(reader.offset, 4);
	CHECK_OK(reader_take(&reader, 5, &part));
	CHECK(view_equal(part, VIEW_TEXT("45678")));
	CHECK_EQ(reader_align(&reader, 4), ERR_CORRUPT);
	CHECK_EQ(reader_skip(&reader, SIZE_MAX), ERR_CORRUPT);
	CHECK_OK(reader_skip(&reader, 1));
	CHECK_EQ(reader_take(&reader, 1, &part), ERR_CORRUPT);
}
