// SPDX-License-Identifier: MIT
// numbers_test.c - bits.h, checked.h, hash.h, random.h, time.h, err.h: edges of the ranges.
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/base/test.h"
#include "lib/base/time.h"

TEST(bits_scan_and_count)
{
	CHECK_EQ(bits_lowest(1), 0);
	CHECK_EQ(bits_lowest((u64)1 << 63), 63);
	CHECK_EQ(bits_highest(UINT64_MAX), 63);
	CHECK_EQ(bits_highest(1), 0);
	CHECK_EQ(bits_count(0), 0);
	CHECK_EQ(bits_count(UINT64_MAX), 64);
	CHECK_EQ(bits_mask(0), 0);
	CHECK_EQ(bits_mask(12), 0xfff);
	CHECK_EQ(bits_mask(64), UINT64_MAX);
	CHECK(bits_test(4, 2) && !bits_test(4, 1));
}

TEST(bits_align)
{
	CHECK(is_power_of_two(1) && is_power_of_two((u64)1 << 63));
	CHECK(!is_power_of_two(0) && !is_power_of_two(3));
	CHECK_EQ(log2_floor(4097), 12);
	CHECK_EQ(log2_ceil(4097), 13);
	CHECK_EQ(log2_ceil(4096), 12);
	CHECK_EQ(log2_ceil(1), 0);
	CHECK_EQ(log2_ceil(UINT64_MAX), 64);
	CHECK_EQ(align_up(4097, 4096), 8192);
	CHECK_EQ(align_up(4096, 4096), 4096);
	CHECK_EQ(align_down(8191, 4096), 4096);
	CHECK(is_aligned(0, 8) && !is_aligned(4, 8));
	CHECK_EQ(pages_of_size(0), 0);
	CHECK_EQ(pages_of_size(1), 1);
	CHECK_EQ(pages_of_size(4096), 1);
	CHECK_EQ(pages_of_size(UINT64_MAX), (u64)1 << 52);
}

TEST(checked_refuses_overflow)
{
	u64 out = 7;
	CHECK_EQ(checked_add(UINT64_MAX, 1, &out), ERR_RANGE);
	CHECK_EQ(checked_mul((u64)1 << 32, (u64)1 << 32, &out), ERR_RANGE);
	CHECK_EQ(checked_align_up(UINT64_MAX - 5, 4096, &out), ERR_RANGE);
	CHECK_EQ(out, 7);
	CHECK_OK(checked_add(UINT64_MAX, 0, &out));
	CHECK_EQ(out, UINT64_MAX);
	CHECK_OK(checked_align_up(4097, 4096, &out));
	CHECK_EQ(out, 8192);
	CHECK_OK(checked_range(5, 5, 10));
	CHECK_EQ(checked_range(5, 6, 10), ERR_RANGE);
	CHECK_EQ(checked_range(11, 0, 10), ERR_RANGE);
	CHECK_EQ(checked_range(1, UINT64_MAX, 10), ERR_RANGE);
}

TEST(random_is_even_and_repeatable)
{
	struct random a, b;
	u32 hits[10] = {};
	random_init(&a, 1);
	random_init(&b, 1);
	for (u32 i = 0; i < 10000; i++)
		hits[random_below(&a, 10)]++;
	for (u32 i = 0; i < 10; i++)
		CHECK(hits[i] > 850 && hits[i] < 1150);
	CHECK_EQ(random_below(&a, 1), 0);
	random_init(&a, 1);
	CHECK_EQ(random_u64(&a), random_u64(&b));
	random_init(&b, 2);
	CHECK(random_u64(&a) != random_u64(&b));
	u8 bytes[11] = {};
	random_fill(&a, span_of(bytes));
	CHECK(bytes[8] || bytes[9] || bytes[10]);
}

TEST(hash_spreads)
{
	u32 buckets[64] = {};
	for (u64 i = 0; i < 6400; i++)
		buckets[hash_mix(i << 12) % 64]++;
	for (u32 i = 0; i < 64; i++)
		CHECK(buckets[i] > 50 && buckets[i] < 150);
	CHECK(hash_view(VIEW_TEXT("a"), 0) != hash_view(VIEW_TEXT("a\0"), 0));
	CHECK(hash_view(VIEW_TEXT("a"), 0) != hash_view(VIEW_TEXT("a"), 1));
	CHECK(hash_view(VIEW_TEXT("123456789"), 0) != hash_view(VIEW_TEXT("123456780"), 0));
	CHECK_EQ(hash_view(VIEW_TEXT("name"), 5), hash_view(view_cstring("name"), 5));
}

TEST(time_deadlines_do_not_wrap)
{
	CHECK_EQ(deadline_after(5, NS_PER_SECOND), 1000000005);
	CHECK_EQ(deadline_after(5, DEADLINE_NEVER), DEADLINE_NEVER);
	CHECK_EQ(deadline_after(DEADLINE_NEVER, 1), DEADLINE_NEVER);
	CHECK_EQ(deadline_after(UINT64_MAX - 1, 5), DEADLINE_NEVER);
}

TEST(err_names)
{
	CHECK(view_equal(view_cstring(err_name(OK)), VIEW_TEXT("OK")));
	CHECK(view_equal(view_cstring(err_name(ERR_IO)), VIEW_TEXT("ERR_IO")));
	CHECK(view_equal(view_cstring(err_name((err_t)-999)), VIEW_TEXT("ERR_?")));
	CHECK(view_equal(view_cstring(err_name((err_t)1)), VIEW_TEXT("ERR_?")));
	for (i32 err = -30; err <= 0; err++)
		CHECK(!view_equal(view_cstring(err_name((err_t)err)), VIEW_TEXT("ERR_?")));
}

TEST(atomic_returns_the_old)
{
	u32 word = 5;
	u32 expected = 4;
	CHECK_EQ(atomic_add_relaxed(&word, 2u), 5);
	CHECK_EQ(atomic_exchange_acq_rel(&word, 1u), 7);
	CHECK(!atomic_swap_if_acq_rel(&word, &expected, 9u));
	CHECK_EQ(expected, 1);
	CHECK(atomic_swap_if_acq_rel(&word, &expected, 9u));
	CHECK_EQ(atomic_load_acquire(&word), 9);
}
