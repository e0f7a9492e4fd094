// SPDX-License-Identifier: MIT
// ring.c - put and taken count elements since the start and wrap at 2^32; their difference is what
// the ring holds, their low bits are the place. Each is written by one side only, on a cache line
// of its own.
#include "lib/base/ring.h"

#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"

struct ring_shared {
	alignas(64) u32 put;   // written by the producer
	u32 producer_sleeps;   // set by the producer, cleared by the consumer
	alignas(64) u32 taken; // written by the consumer
	u32 consumer_sleeps;   // set by the consumer, cleared by the producer
};
static_assert(sizeof(struct ring_shared) == 128);

err_t ring_memory_size(u32 capacity, u32 element_size, usize *out)
{
	if (!is_power_of_two(capacity) || element_size == 0)
		return ERR_INVALID;
	if (capacity > 1u << 31) // else full and empty look alike
		return ERR_RANGE;
	u64 size = (u64)capacity * element_size;
	TRY(checked_add(size, sizeof(struct ring_shared), &size));
	return checked_usize(size, out);
}

err_t ring_memory_init(span_t memory)
{
	span_t header;
	TRY(span_sub(memory, 0, sizeof(struct ring_shared), &header));
	span_fill(header, 0);
	return OK;
}

static err_t attach(
	span_t memory, u32 capacity, u32 element_size, struct ring_shared **shared, span_t *elements)
{
	usize size;
	TRY(ring_memory_size(capacity, element_size, &size));
	if ((uintptr_t)memory.data % alignof(struct ring_shared))
		return ERR_ALIGNMENT;
	usize header = sizeof(struct ring_shared);
	TRY(span_sub(memory, header, size - header, elements));
	*shared = (struct ring_shared *)(void *)memory.data;
	return OK;
}

err_t ring_producer_init(
	struct ring_producer *producer, span_t memory, u32 capacity, u32 element_size)
{
	*producer = (struct ring_producer){ .element_size = element_size, .capacity = capacity };
	return attach(memory, capacity, element_size, &producer->shared, &producer->elements);
}

err_t ring_consumer_init(
	struct ring_consumer *consumer, span_t memory, u32 capacity, u32 element_size)
{
	*consumer = (struct ring_consumer){ .element_size = element_size, .capacity = capacity };
	return attach(memory, capacity, element_size, &consumer->shared, &consumer->elements);
}

static span_t place(span_t elements, u32 index, u32 capacity, u32 element_size)
{
	return span_clamp(elements, (usize)(index & (capacity - 1)) * element_size, element_size);
}

// The consumer may only have moved on, and not past what we put.
static err_t hear_taken(struct ring_producer *producer)
{
	u32 taken = atomic_load_acquire(&producer->shared->taken); // pairs with ring_take
	if (producer->put - taken > producer->put - producer->taken)
		return ERR_CORRUPT;
	producer->taken = taken;
	return OK;
}

// The producer may only have moved on, and not by more than there was room for.
static err_t hear_put(struct ring_consumer *consumer)
{
	u32 put = atomic_load_acquire(&consumer->shared->put); // pairs with ring_put
	u32 held = put - consumer->taken;
	if (held > consumer->capacity || held < consumer->put - consumer->taken)
		return ERR_CORRUPT;
	consumer->put = put;
	return OK;
}

err_t ring_put(struct ring_producer *producer, view_t element)
{
	if (element.size != producer->element_size)
		return ERR_INVALID;
	if (producer->put - producer->taken == producer->capacity)
		TRY(hear_taken(producer));
	if (producer->put - producer->taken == producer->capacity)
		return ERR_WOULD_BLOCK;
	TRY(span_copy(
		place(producer->elements, producer->put, producer->capacity, producer->element_size),
		element));
	producer->put++;
	atomic_store_release(&producer->shared->put, producer->put); // pairs with hear_put
	return OK;
}

err_t ring_take(struct ring_consumer *consumer, span_t element)
{
	if (element.size != consumer->element_size)
		return ERR_INVALID;
	if (consumer->put == consumer->taken)
		TRY(hear_put(consumer));
	if (consumer->put == consumer->taken)
		return ERR_WOULD_BLOCK;
	span_t from =
		place(consumer->elements, consumer->taken, consumer->capacity, consumer->element_size);
	TRY(span_copy(element, span_view(from)));
	consumer->taken++;
	atomic_store_release(&consumer->shared->taken, consumer->taken); // pairs with hear_taken
	return OK;
}

// Sleeper: flag, fence, index. Other side: index, fence, flag. One of the two sees the other's
// store, so a wake-up is never lost.
static bool must_wake(u32 *sleeps)
{
	atomic_fence_seq_cst(); // pairs with announce_sleep
	return atomic_load_relaxed(sleeps) && atomic_exchange_acq_rel(sleeps, 0u);
}

static void announce_sleep(u32 *sleeps)
{
	atomic_store_relaxed(sleeps, 1u);
	atomic_fence_seq_cst(); // pairs with must_wake
}

bool ring_consumer_must_wake(struct ring_producer *producer)
{
	return must_wake(&producer->shared->consumer_sleeps);
}

bool ring_producer_must_wake(struct ring_consumer *consumer)
{
	return must_wake(&consumer->shared->producer_sleeps);
}

bool ring_consumer_may_sleep(struct ring_consumer *consumer)
{
	u32 *sleeps = &consumer->shared->consumer_sleeps;
	announce_sleep(sleeps);
	if (hear_put(consumer) == OK && consumer->put == consumer->taken)
		return true;
	atomic_store_relaxed(sleeps, 0u);
	return false;
}

bool ring_producer_may_sleep(struct ring_producer *producer)
{
	u32 *sleeps = &producer->shared->producer_sleeps;
	announce_sleep(sleeps);
	if (hear_taken(producer) == OK && producer->put - producer->taken == producer->capacity)
		return true;
	atomic_store_relaxed(sleeps, 0u);
	return false;
}
