// SPDX-License-Identifier: MIT
// ring_test.c - full, empty, wrap of the indices, hostile peers, sleeping; and two threads.
#include "lib/base/ring.h"

#include <pthread.h>

#include "lib/base/atomic.h"
#include "lib/base/test.h"

constexpr u32 CAPACITY = 8;

struct pair {
	alignas(64) u8 memory[128 + CAPACITY * sizeof(u64)];
	struct ring_producer producer;
	struct ring_consumer consumer;
};

static void pair_init(struct pair *pair)
{
	*pair = (struct pair){};
	CHECK_OK(ring_memory_init(span_of(pair->memory)));
	CHECK_OK(ring_producer_init(&pair->producer, span_of(pair->memory), CAPACITY, sizeof(u64)));
	CHECK_OK(ring_consumer_init(&pair->consumer, span_of(pair->memory), CAPACITY, sizeof(u64)));
}

// The shared words, as a hostile peer sees them.
static u32 *shared_put(struct pair *pair)
{
	return (u32 *)(void *)&pair->memory[0];
}

static u32 *shared_taken(struct pair *pair)
{
	return (u32 *)(void *)&pair->memory[64];
}

TEST(ring_fills_and_empties)
{
	struct pair pair;
	u64 element = 0;
	pair_init(&pair);
	CHECK_EQ(ring_take(&pair.consumer, span_of(element)), ERR_WOULD_BLOCK);
	for (u64 round = 0; round < 100; round++) {
		for (u64 i = 0; i < CAPACITY; i++) {
			element = round * 100 + i;
			CHECK_OK(ring_put(&pair.producer, view_of(element)));
		}
		CHECK_EQ(ring_put(&pair.producer, view_of(element)), ERR_WOULD_BLOCK);
		for (u64 i = 0; i < CAPACITY; i++) {
			CHECK_OK(ring_take(&pair.consumer, span_of(element)));
			CHECK_EQ(element, round * 100 + i);
		}
		CHECK_EQ(ring_take(&pair.consumer, span_of(element)), ERR_WOULD_BLOCK);
	}
}

TEST(ring_indices_wrap)
{
	struct pair pair;
	u64 element = 0;
	pair_init(&pair);
	*shared_put(&pair) = *shared_taken(&pair) = UINT32_MAX - 2;
	pair.producer.put = pair.producer.taken = UINT32_MAX - 2;
	pair.consumer.put = pair.consumer.taken = UINT32_MAX - 2;
	for (u64 i = 0; i < 50; i++) {
		CHECK_OK(ring_put(&pair.producer, view_of(i)));
		CHECK_OK(ring_put(&pair.producer, view_of(i)));
		CHECK_OK(ring_take(&pair.consumer, span_of(element)));
		CHECK_OK(ring_take(&pair.consumer, span_of(element)));
		CHECK_EQ(element, i);
	}
}

TEST(ring_hostile_producer)
{
	struct pair pair;
	u64 element = 0;
	pair_init(&pair);
	*shared_put(&pair) = CAPACITY + 1;
	CHECK_EQ(ring_take(&pair.consumer, span_of(element)), ERR_CORRUPT);
	CHECK(!ring_consumer_may_sleep(&pair.consumer));
	*shared_put(&pair) = UINT32_MAX;
	CHECK_EQ(ring_take(&pair.consumer, span_of(element)), ERR_CORRUPT);
	*shared_put(&pair) = 3;
	CHECK_OK(ring_take(&pair.consumer, span_of(element)));
	*shared_put(&pair) = 1; // backwards; seen when the known ones are used up
	CHECK_OK(ring_take(&pair.consumer, span_of(element)));
	CHECK_OK(ring_take(&pair.consumer, span_of(element)));
	CHECK_EQ(ring_take(&pair.consumer, span_of(element)), ERR_CORRUPT);
}

TEST(ring_hostile_consumer)
{
	struct pair pair;
	u64 element = 0;
	pair_init(&pair);
	for (u32 i = 0; i < CAPACITY; i++)
		CHECK_OK(ring_put(&pair.producer, view_of(element)));
	*shared_taken(&pair) = CAPACITY + 1;
	CHECK_EQ(ring_put(&pair.producer, view_of(element)), ERR_CORRUPT);
	CHECK(!ring_producer_may_sleep(&pair.producer));
	*shared_taken(&pair) = 2;
	CHECK_OK(ring_put(&pair.producer, view_of(element)));
	CHECK_OK(ring_put(&pair.producer, view_of(element)));
	*shared_taken(&pair) = 1;
	CHECK_EQ(ring_put(&pair.producer, view_of(element)), ERR_CORRUPT);
}

TEST(ring_wakes_sleepers_once)
{
	struct pair pair;
	u64 element = 0;
	pair_init(&pair);
	CHECK_OK(ring_put(&pair.producer, view_of(element)));
	CHECK(!ring_consumer_must_wake(&pair.producer));
	CHECK(!ring_consumer_may_sleep(&pair.consumer));
	CHECK_OK(ring_take(&pair.consumer, span_of(element)));
	CHECK(ring_consumer_may_sleep(&pair.consumer));
	CHECK_OK(ring_put(&pair.producer, view_of(element)));
	CHECK(ring_consumer_must_wake(&pair.producer));
	CHECK(!ring_consumer_must_wake(&pair.producer));
	CHECK(!ring_producer_may_sleep(&pair.producer));
	while (ring_put(&pair.producer, view_of(element)) == OK)
		continue;
	CHECK(ring_producer_may_sleep(&pair.producer));
	CHECK_OK(ring_take(&pair.consumer, span_of(element)));
	CHECK(ring_producer_must_wake(&pair.consumer));
	CHECK(!ring_producer_must_wake(&pair.consumer));
}

TEST(ring_refuses_bad_shapes)
{
	struct pair pair = {};
	usize size = 0;
	u32 small = 0;
	CHECK_EQ(ring_memory_size(0, 8, &size), ERR_INVALID);
	CHECK_EQ(ring_memory_size(3, 8, &size), ERR_INVALID);
	CHECK_EQ(ring_memory_size(8, 0, &size), ERR_INVALID);
	CHECK_OK(ring_memory_size(CAPACITY, 8, &size));
	CHECK_EQ(size, sizeof pair.memory);
	span_t memory = span_of(pair.memory);
	CHECK_EQ(ring_producer_init(&pair.producer, memory, 16, 8), ERR_RANGE);
	CHECK_EQ(ring_consumer_init(&pair.consumer, span_clamp(memory, 8, 300), 1, 8), ERR_ALIGNMENT);
	CHECK_EQ(ring_consumer_init(&pair.consumer, span_clamp(memory, 0, 64), 1, 8), ERR_RANGE);
	pair_init(&pair);
	CHECK_EQ(ring_put(&pair.producer, view_of(small)), ERR_INVALID);
	CHECK_EQ(ring_take(&pair.consumer, span_of(small)), ERR_INVALID);
}

constexpr u64 MANY = 200000;
static u32 consumer_bell, producer_bell; // rung by the other side, atomic

static void wait_for(u32 *bell)
{
	while (!atomic_exchange_acq_rel(bell, 0u))
		sched_yield();
}

static void *produce(void *argument)
{
	struct pair *pair = argument;
	for (u64 i = 0; i < MANY;) {
		if (ring_put(&pair->producer, view_of(i)) == OK) {
			i++;
			if (ring_consumer_must_wake(&pair->producer))
				atomic_store_release(&consumer_bell, 1u);
		} else if (ring_producer_may_sleep(&pair->producer)) {
			wait_for(&producer_bell);
		}
	}
	return nullptr;
}

// A lost wake-up would hang here.
TEST(ring_two_threads)
{
	static struct pair pair;
	pthread_t thread;
	u64 wrong = 0;
	pair_init(&pair);
	REQUIRE(pthread_create(&thread, nullptr, produce, &pair) == 0);
	for (u64 i = 0; i < MANY;) {
		u64 element = 0;
		if (ring_take(&pair.consumer, span_of(element)) == OK) {
			wrong += element != i++;
			if (ring_producer_must_wake(&pair.consumer))
				atomic_store_release(&producer_bell, 1u);
		} else if (ring_consumer_may_sleep(&pair.consumer)) {
			wait_for(&consumer_bell);
		}
	}
	pthread_join(thread, nullptr);
	CHECK_EQ(wrong, 0);
}
