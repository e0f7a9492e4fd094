// SPDX-License-Identifier: MIT
// ring.h - one producer, one consumer, elements of one size in shared memory, no locks. Neither
// believes the other: capacity, element size and the own index are private, the other's index is
// checked. Who finds nothing to do says so in the shared memory before it sleeps, so that the
// other wakes it, and only then. How to wake is the caller's (an event, a bit).
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct ring_shared; // at the start of the shared memory; ring.c

struct ring_producer {
	struct ring_shared *shared; // borrowed; the peer writes here at any time
	span_t elements;            // borrowed, shared too
	u32 element_size;
	u32 capacity; // a power of two
	u32 put;   // how many elements so far, modulo 2^32: the truth, the shared copy is for the peer
	u32 taken; // as last heard from the consumer
};

struct ring_consumer {
	struct ring_shared *shared; // borrowed; the peer writes here at any time
	span_t elements;            // borrowed, shared too
	u32 element_size;
	u32 capacity;
	u32 taken; // the truth
	u32 put;   // as last heard from the producer
};

// Bytes of shared memory that such a ring needs. ERR_INVALID: capacity is no power of two, or one
// is 0; ERR_RANGE: too large.
err_t ring_memory_size(u32 capacity, u32 element_size, usize *out);

// Makes zeroed memory into an empty ring. Not needed for memory fresh from the kernel.
err_t ring_memory_init(span_t memory);

// The memory is larger than needed or fits, and lies on a cache line; else ERR_RANGE or
// ERR_ALIGNMENT. Both begin with an empty, new ring: to begin anew, make new memory.
err_t ring_producer_init(
	struct ring_producer *producer, span_t memory, u32 capacity, u32 element_size);
err_t ring_consumer_init(
	struct ring_consumer *consumer, span_t memory, u32 capacity, u32 element_size);

// ERR_WOULD_BLOCK: full. ERR_CORRUPT: the consumer's index is impossible. ERR_INVALID: the element
// has another size than the ring's.
err_t ring_put(struct ring_producer *producer, view_t element);

// Copies the oldest element out. ERR_WOULD_BLOCK: empty. ERR_CORRUPT: the producer's index is
// impossible. ERR_INVALID as above.
err_t ring_take(struct ring_consumer *consumer, span_t element);

// After one or more puts: does the consumer sleep? Then wake it. Answers true once per sleep.
bool ring_consumer_must_wake(struct ring_producer *producer);

// After one or more takes: does the producer sleep for want of room?
bool ring_producer_must_wake(struct ring_consumer *consumer);

// Before waiting for the other's wake-up. True: really nothing to do, wait. False: something came
// meanwhile (or the peer is corrupt, as the next put or take will say), do not wait.
bool ring_consumer_may_sleep(struct ring_consumer *consumer);
bool ring_producer_may_sleep(struct ring_producer *producer);

NONNULL_END
