// SPDX-License-Identifier: MIT
// radix_test.c - the page tree against a plain array, node counts, order, dirty marks.
#include "kernel/memory/radix.h"

#include "kernel/memory/machine_test.h"

constexpr u32 COUNT_MAX = 6000;

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 33;
}

static err_t insert(struct radix *radix, u64 index, u64 slot)
{
	u64 slots[RADIX_RUN] = { slot };
	struct radix_run run = { index, 1, &slots };
	return radix_insert_run(radix, &run);
}

static u64 take(struct radix *radix, u64 index)
{
	struct radix_run run;
	u64 *slot = radix_find(radix, index), old = slot ? *slot : 0;
	if (old && radix_next_run(radix, index, index + 1, &run))
		(void)radix_remove_run(radix, &run);
	return old;
}

TEST(radix_insert_find_remove)
{
	test_machine();
	struct radix radix = {};
	const u64 indices[] = { 0, 63, 64, 4095, 4096, 1ull << 30, RADIX_INDEX_END - 1 };
	for (u32 i = 0; i < COUNT(indices); i++) {
		u64 before = radix.nodes;
		REQUIRE_OK(insert(&radix, indices[i], (i + 1) << 12));
		CHECK(radix.nodes - before <= RADIX_RUN_NODES);
	}
	for (u32 i = 0; i < COUNT(indices); i++) {
		const u64 *slot = radix_find(&radix, indices[i]);
		REQUIRE(slot);
		CHECK_EQ(*slot, (i + 1) << 12);
	}
	u64 at = 0;
	for (u32 i = 0; i < COUNT(indices); i++, at++)
		CHECK_EQ(at = radix_next(&radix, at, RADIX_INDEX_END), indices[i]);
	CHECK_EQ(radix_next(&radix, at, RADIX_INDEX_END), RADIX_NONE);
	CHECK(!radix_find(&radix, 1));
	CHECK_EQ(take(&radix, 1), 0);
	for (u32 i = COUNT(indices); i-- > 0;)
		CHECK_EQ(take(&radix, indices[i]), (i + 1) << 12);
	CHECK_EQ(radix.nodes, 0);
	CHECK_EQ(radix.height, 0);
}

TEST(radix_against_an_array)
{
	test_machine();
	static u64 model[COUNT_MAX];
	static bool dirty[COUNT_MAX];
	struct radix radix = {};
	u64 random = 1;
	for (u32 step = 0; step < 60'000; step++) {
		u64 index = next_random(&random) % COUNT_MAX;
		u64 before = radix.nodes;
		if (!model[index]) {
			model[index] = (step + 1ull) << 12;
			REQUIRE_OK(insert(&radix, index, model[index]));
			REQUIRE(radix.nodes - before <= RADIX_RUN_NODES);
		} else if (step & 1) {
			dirty[index] = next_random(&random) & 1;
			radix_set_dirty(&radix, index, dirty[index]);
		} else {
			REQUIRE(take(&radix, index) == model[index]);
			model[index] = 0;
			dirty[index] = false;
		}
		u64 from = next_random(&random) % COUNT_MAX;
		u64 next = from, next_dirty = from, next_absent = from;
		while (next < COUNT_MAX && !model[next])
			next++;
		while (next_dirty < COUNT_MAX && !dirty[next_dirty])
			next_dirty++;
		while (next_absent < COUNT_MAX && model[next_absent])
			next_absent++;
		u64 none = COUNT_MAX;
		REQUIRE(radix_next(&radix, from, COUNT_MAX) == (next < none ? next : RADIX_NONE));
		REQUIRE(radix_next_dirty(&radix, from, COUNT_MAX) ==
				(next_dirty < none ? next_dirty : RADIX_NONE));
		REQUIRE(radix_next_absent(&radix, from, COUNT_MAX) ==
				(next_absent < none ? next_absent : RADIX_NONE));
	}
	for (u64 i = 0; i < COUNT_MAX; i++)
		take(&radix, i);
	CHECK_EQ(radix.nodes, 0);
}

// Whole leaves, parts of them, and runs that lie across two.
TEST(radix_runs)
{
	test_machine();
	struct radix radix = {};
	u64 slots[RADIX_RUN];
	for (u64 first = 0, count = 0; first < 3 * RADIX_RUN; first += 64 - first % 7 * 9, count = 0) {
		for (u64 i = 0; i < RADIX_RUN; i++)
			slots[i] = (first + i + 1) << 12;
		struct radix_run run = { first, first % 2 ? 0x8000'00ff'0000'0001 : UINT64_MAX, &slots };
		u64 present = run.present, at = first;
		REQUIRE_OK(radix_insert_run(&radix, &run));
		CHECK_EQ(run.present, 0);
		for (u64 i = 0; i < RADIX_RUN; i++) {
			const u64 *slot = radix_find(&radix, first + i);
			CHECK_EQ(slot ? *slot : 0, bits_test(present, (u32)i) ? (first + i + 1) << 12 : 0);
		}
		while (radix_next_run(&radix, at, first + RADIX_RUN, &run)) {
			count += bits_count(run.present);
			at = run.first + RADIX_RUN;
			(void)radix_remove_run(&radix, &run);
		}
		CHECK_EQ(count, bits_count(present));
		CHECK_EQ(radix.nodes, 0);
	}
}
