// SPDX-License-Identifier: MIT
// stack_test.c - a stack made here, read as a program's start code reads it.
#include "lib/posix/exec/stack.h"

#include "lib/base/test.h"

static struct stack_request request(void)
{
	return (struct stack_request){
		.top = 0x7fff'0000'0000,
		.arguments = { VIEW_TEXT("sh\0-c\0\0"), 3 },
		.environment = { VIEW_TEXT("A=1\0B=\0"), 2 },
		.path = VIEW_TEXT("/bin/sh"),
		.random = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
		.auxiliary = { .headers = 0x40'0040,
			.headers_count = 7,
			.entry = 0x40'1000,
			.vdso = 0x7ffe'0000'0000,
			.user = 1000 },
	};
}

static u64 auxiliary(const u64 *values, u64 kind)
{
	for (u32 i = 0; i < 64 && values[i]; i += 2)
		if (values[i] == kind)
			return values[i + 1];
	return UINT64_MAX;
}

TEST(stack_is_as_linux_makes_it)
{
	struct stack_request wanted = request();
	struct stack_layout layout;
	static u64 words[512];
	REQUIRE_OK(stack_plan(&wanted, sizeof words, &layout));
	CHECK_EQ(layout.pointer % 16, 0);
	CHECK_EQ(layout.pointer + layout.size, wanted.top);
	stack_write(&wanted, &layout, span_clamp(span_of(words), 0, layout.size));
	view_t bytes = view_clamp(view_of(words), 0, layout.size);
	CHECK_EQ(words[0], 3);
	CHECK(view_starts_with(view_from_offset(bytes, words[1] - layout.pointer), VIEW_TEXT("sh\0")));
	CHECK(view_starts_with(view_from_offset(bytes, words[2] - layout.pointer), VIEW_TEXT("-c\0")));
	CHECK_EQ(view_at(bytes, words[3] - layout.pointer), 0);
	CHECK_EQ(words[4], 0);
	CHECK(view_starts_with(view_from_offset(bytes, words[6] - layout.pointer), VIEW_TEXT("B=\0")));
	CHECK_EQ(words[7], 0);
	CHECK_EQ(auxiliary(words + 8, 33), 0x7ffe'0000'0000);
	CHECK_EQ(auxiliary(words + 8, 3), 0x40'0040);
	CHECK_EQ(auxiliary(words + 8, 11), 1000);
	CHECK_EQ(auxiliary(words + 8, 23), 0);
	CHECK_EQ(view_at(bytes, auxiliary(words + 8, 25) - layout.pointer), 1);
	CHECK(view_starts_with(view_from_offset(bytes, auxiliary(words + 8, 31) - layout.pointer),
		VIEW_TEXT("/bin/sh\0")));
	CHECK(view_starts_with(
		view_from_offset(bytes, auxiliary(words + 8, 15) - layout.pointer), VIEW_TEXT("x86_64\0")));
}

TEST(stack_without_what_may_be_missing)
{
	struct stack_request wanted = request();
	struct stack_layout layout;
	static u64 words[512];
	wanted.auxiliary.vdso = wanted.auxiliary.headers = 0;
	wanted.arguments = wanted.environment = (struct words){};
	REQUIRE_OK(stack_plan(&wanted, sizeof words, &layout));
	stack_write(&wanted, &layout, span_clamp(span_of(words), 0, layout.size));
	CHECK_EQ(words[0] | words[1] | words[2], 0);
	CHECK_EQ(auxiliary(words + 3, 33), UINT64_MAX);
	CHECK_EQ(auxiliary(words + 3, 6), PAGE_SIZE);
}

TEST(stack_has_a_limit)
{
	struct stack_request wanted = request();
	struct stack_layout layout;
	CHECK_EQ(stack_plan(&wanted, 400, &layout), ERR_TOO_BIG);
	wanted.arguments.count = UINT64_MAX;
	CHECK_EQ(stack_plan(&wanted, UINT64_MAX, &layout), ERR_TOO_BIG);
	wanted.arguments.count = UINT64_MAX / 8;
	CHECK_EQ(stack_plan(&wanted, UINT64_MAX, &layout), ERR_TOO_BIG);
}
