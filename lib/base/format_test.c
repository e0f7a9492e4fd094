// SPDX-License-Identifier: MIT
// format_test.c - every conversion, and spans that are too short.
#include "lib/base/format.h"

#include "lib/base/test.h"

#define CHECK_FORMAT(expected, ...)                                                                \
	CHECK(view_equal(format_view(span_of(buffer), __VA_ARGS__), VIEW_TEXT(expected)))

TEST(format_numbers)
{
	u8 buffer[100];
	CHECK_FORMAT("0 -1 4294967295", "%d %d %u", 0, -1, UINT32_MAX);
	CHECK_FORMAT("-2147483648", "%d", INT32_MIN);
	CHECK_FORMAT("-9223372036854775808", "%ld", INT64_MIN);
	CHECK_FORMAT("18446744073709551615 ffffffffffffffff", "%lu %lx", UINT64_MAX, UINT64_MAX);
	CHECK_FORMAT("deadbeef 12", "%x %zu", 0xdeadbeef, (usize)12);
	CHECK_FORMAT("0x0000000000001000", "%p", (void *)0x1000);
}

TEST(format_widths)
{
	u8 buffer[100];
	CHECK_FORMAT("[    7][7    ][00007]", "[%5u][%-5u][%05u]", 7, 7, 7);
	CHECK_FORMAT("[-0007][   -7][-7   ]", "[%05d][%5d][%-5d]", -7, -7, -7);
	CHECK_FORMAT("[   ab][ab   ][abcdef]", "[%5s][%-5s][%5s]", "ab", "ab", "abcdef");
	CHECK_FORMAT("[0000000000000abc]", "[%016lx]", (u64)0xabc);
}

TEST(format_texts)
{
	u8 buffer[100];
	view_t name = VIEW_TEXT("view\0!");
	CHECK_FORMAT("a(null)b c 100%", "a%sb %c 100%%", (const char *)nullptr, 'c');
	CHECK_FORMAT("<view\0!> ERR_RANGE", "<%v> %e", &name, ERR_RANGE);
}

TEST(format_unknown_is_copied)
{
	u8 buffer[100];
	CHECK_FORMAT("%q 5 %", "%q %u %", 5);
	CHECK_FORMAT("%-08lq", "%-08lq");
	CHECK_FORMAT("%123d", "%123d");
}

TEST(format_never_overruns)
{
	u8 buffer[8];
	span_fill(span_of(buffer), '#');
	CHECK_EQ(format(span_clamp(span_of(buffer), 0, 4), "%s", "abcdefgh"), 8);
	CHECK(view_equal(view_of(buffer), VIEW_TEXT("abcd####")));
	CHECK_EQ(format((span_t){}, "%99u", 1), 99);
	CHECK_EQ(format_view(span_of(buffer), "%20u", 1).size, 8);
}
