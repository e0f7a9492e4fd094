// SPDX-License-Identifier: MIT
// test.h - unit tests on the build host. TEST(name) { ... } registers itself before main;
// host/test_main.c runs all, or those whose name contains argv[1]. A failed CHECK is printed and
// the test goes on; a failed REQUIRE ends the test.
#pragma once

#include "lib/base/err.h"

NONNULL_BEGIN

struct test {
	const char *name;
	void (*run)(void);
	struct test *_Nullable next;
};

void test_register(struct test *test);
bool test_check(bool is_true, const char *text, const char *file, u32 line);
bool test_check_equal(u64 a, u64 b, const char *text, const char *file, u32 line);

// Runs it in a child process. True when that ends by a signal or a failed assert.
bool test_dies(void (*body)(void *_Nullable), void *_Nullable argument);

#define TEST(test_name)                                                                            \
	static void test_name(void);                                                                   \
	[[gnu::constructor]] static void test_name##_register_(void)                                   \
	{                                                                                              \
		static struct test test_ = { .name = #test_name, .run = test_name };                       \
		test_register(&test_);                                                                     \
	}                                                                                              \
	static void test_name(void)

#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)

// Numbers of any width and sign, enums and pointers.
#define CHECK_EQ(a, b)                                                                             \
	test_check_equal((u64)(uintptr_t)(a), (u64)(uintptr_t)(b), #a " == " #b, __FILE__, __LINE__)

#define CHECK_OK(expression) CHECK_EQ((expression), OK)

#define REQUIRE(condition)                                                                         \
	do {                                                                                           \
		if (!CHECK(condition))                                                                     \
			return;                                                                                \
	} while (0)

#define REQUIRE_OK(expression) REQUIRE((expression) == OK)

// What a *_fuzz.c defines: feeds one made-up input to a parser.
int LLVMFuzzerTestOneInput(const u8 *data, usize size);

NONNULL_END
