// SPDX-License-Identifier: MIT
// memory_test.c - every size and distance up to a few blocks, against a byte-wise model.
#include "lib/base/memory.h"

#include "lib/base/random.h"
#include "lib/base/test.h"

constexpr usize BYTES = 400;

static void fill_random(u8 *bytes, u64 seed)
{
	struct random random;
	random_init(&random, seed);
	random_fill(&random, span_from(bytes, BYTES));
}

static bool same(const u8 *a, const u8 *b)
{
	for (usize i = 0; i < BYTES; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

TEST(memory_copy_all_sizes)
{
	u8 from[BYTES], to[BYTES], model[BYTES];
	fill_random(from, 1);
	for (usize size = 0; size < 260; size++) {
		fill_random(to, size);
		fill_random(model, size);
		usize at = size % 13;
		for (usize i = 0; i < size; i++)
			model[at + i] = from[(size % 7) + i];
		CHECK(memory_copy(&to[at], &from[size % 7], size) == &to[at]);
		REQUIRE(same(to, model));
	}
}

TEST(memory_move_overlapping)
{
	u8 bytes[BYTES], model[BYTES], copy[BYTES];
	for (usize size = 0; size < 200; size += 3) {
		for (usize distance = 0; distance < 160; distance++) {
			usize to = distance % 2 ? 10 : 10 + distance;
			usize from = distance % 2 ? 10 + distance : 10;
			fill_random(bytes, distance);
			fill_random(model, distance);
			fill_random(copy, distance);
			for (usize i = 0; i < size; i++)
				model[to + i] = copy[from + i];
			memory_move(&bytes[to], &bytes[from], size);
			REQUIRE(same(bytes, model));
		}
	}
}

TEST(memory_fill_all_sizes)
{
	u8 bytes[BYTES], model[BYTES];
	for (usize size = 0; size < 260; size++) {
		fill_random(bytes, size);
		fill_random(model, size);
		for (usize i = 0; i < size; i++)
			model[5 + i] = 0xa7;
		memory_fill(&bytes[5], 0x1a7, size);
		REQUIRE(same(bytes, model));
	}
}

TEST(memory_compare_orders_bytes)
{
	u8 a[BYTES], b[BYTES];
	for (usize size = 1; size < 150; size++) {
		for (usize at = 0; at < size; at++) {
			fill_random(a, size);
			fill_random(b, size);
			b[at] = 0x80;
			a[at] = 0x7f;
			b[size] = 0;
			REQUIRE(memory_compare(a, b, size) < 0);
			REQUIRE(memory_compare(b, a, size) > 0);
			REQUIRE(memory_compare(a, b, at) == 0);
		}
	}
}

TEST(memory_pages)
{
	alignas(4096) static u8 from[PAGE_SIZE], to[2 * PAGE_SIZE];
	struct random random;
	random_init(&random, 3);
	random_fill(&random, span_of(from));
	to[PAGE_SIZE] = 0x55;
	page_copy(to, from);
	CHECK(view_equal(view_from(to, PAGE_SIZE), view_of(from)));
	page_zero(to);
	u32 sum = 0;
	for (usize i = 0; i < PAGE_SIZE; i++)
		sum += to[i];
	CHECK_EQ(sum, 0);
	CHECK_EQ(to[PAGE_SIZE], 0x55);
}

TEST(memory_find_first)
{
	u8 bytes[BYTES];
	for (usize size = 0; size < 40; size++) {
		for (usize at = 0; at <= size; at++) {
			memory_fill(bytes, 1, BYTES); // one less than what is looked for: borrows
			bytes[size] = 0;
			CHECK_EQ(memory_find(bytes, 0, size), size);
			bytes[at] = 2;
			bytes[at + 3] = 2;
			REQUIRE(memory_find(bytes, 2, size) == at);
			bytes[at] = 0x80;
			REQUIRE(memory_find(bytes, 0x80, size) == at);
		}
	}
}

TEST(memory_hash_sees_all)
{
	u8 bytes[BYTES] = {};
	for (usize size = 1; size < 40; size++) {
		u32 before = memory_hash(bytes, size, 7);
		CHECK(before != memory_hash(bytes, size, 8));
		CHECK(before != memory_hash(bytes, size - 1, 7)); // zeros count
		for (usize at = 0; at < size; at++) {
			bytes[at] ^= 0x40;
			REQUIRE(memory_hash(bytes, size, 7) != before);
			bytes[at] ^= 0x40;
		}
		bytes[size] = 1; // not a part of it
		REQUIRE(memory_hash(bytes, size, 7) == before);
		bytes[size] = 0;
	}
}
