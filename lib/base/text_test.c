// SPDX-License-Identifier: MIT
// text_test.c - numbers, words, lines, options.
#include "lib/base/text.h"

#include "lib/base/test.h"

TEST(text_numbers)
{
	u64 value = 0;
	CHECK_OK(text_u64(VIEW_TEXT("18446744073709551615"), &value));
	CHECK_EQ(value, UINT64_MAX);
	CHECK_OK(text_u64(VIEW_TEXT("0xFFFFffffFFFFffff"), &value));
	CHECK_EQ(value, UINT64_MAX);
	CHECK_OK(text_u64(VIEW_TEXT("0"), &value));
	CHECK_EQ(value, 0);
	CHECK_OK(text_u64(VIEW_TEXT("0x1f"), &value));
	CHECK_EQ(value, 31);
}

TEST(text_bad_numbers)
{
	u64 value = 7;
	CHECK_EQ(text_u64(VIEW_TEXT("18446744073709551616"), &value), ERR_RANGE);
	CHECK_EQ(text_u64(VIEW_TEXT("99999999999999999999999"), &value), ERR_RANGE);
	CHECK_EQ(text_u64(VIEW_TEXT("0x10000000000000000"), &value), ERR_RANGE);
	CHECK_EQ(text_u64(VIEW_TEXT("99999999999999999999999x"), &value), ERR_INVALID);
	CHECK_EQ(text_u64(VIEW_TEXT(""), &value), ERR_INVALID);
	CHECK_EQ(text_u64(VIEW_TEXT("0x"), &value), ERR_INVALID);
	CHECK_EQ(text_u64(VIEW_TEXT("12 "), &value), ERR_INVALID);
	CHECK_EQ(text_u64(VIEW_TEXT("-1"), &value), ERR_INVALID);
	CHECK_EQ(text_u64(VIEW_TEXT("1f"), &value), ERR_INVALID);
	CHECK_EQ(value, 7);
}

TEST(text_words_and_lines)
{
	view_t rest = VIEW_TEXT("  one\ttwo \n three");
	view_t word = {};
	REQUIRE(text_take_word(&rest, &word));
	CHECK(view_equal(word, VIEW_TEXT("one")));
	REQUIRE(text_take_word(&rest, &word));
	CHECK(view_equal(word, VIEW_TEXT("two")));
	REQUIRE(text_take_word(&rest, &word));
	CHECK(view_equal(word, VIEW_TEXT("three")));
	CHECK(!text_take_word(&rest, &word));
	rest = VIEW_TEXT("a\n\nb");
	REQUIRE(text_take_line(&rest, &word));
	CHECK(view_equal(word, VIEW_TEXT("a")));
	REQUIRE(text_take_line(&rest, &word));
	CHECK_EQ(word.size, 0);
	REQUIRE(text_take_line(&rest, &word));
	CHECK(view_equal(word, VIEW_TEXT("b")));
	CHECK(!text_take_line(&rest, &word));
	CHECK(view_equal(text_trim(VIEW_TEXT(" \t x y\n")), VIEW_TEXT("x y")));
	CHECK_EQ(text_trim(VIEW_TEXT("   ")).size, 0);
}

TEST(text_options)
{
	view_t line = VIEW_TEXT("quiet init=/bin/a log= init=/bin/b=c");
	view_t value = VIEW_TEXT("?");
	REQUIRE(text_option(line, VIEW_TEXT("init"), &value));
	CHECK(view_equal(value, VIEW_TEXT("/bin/b=c")));
	REQUIRE(text_option(line, VIEW_TEXT("quiet"), &value));
	CHECK_EQ(value.size, 0);
	REQUIRE(text_option(line, VIEW_TEXT("log"), &value));
	CHECK_EQ(value.size, 0);
	CHECK(!text_option(line, VIEW_TEXT("ini"), &value));
	CHECK(!text_option(line, VIEW_TEXT("init=/bin/a"), &value));
}
