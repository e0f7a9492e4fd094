// SPDX-License-Identifier: MIT
// stream_ring.c - the bytes of one direction of a stream. See the header for who may touch what.
#include "kernel/object/stream_ring.h"

#include "kernel/memory/slab.h"

static usize table_size(const struct stream_ring *ring)
{
	return ring->pages * sizeof(u64);
}

static u64 *frame_slot(const struct stream_ring *ring, u32 page)
{
	assert(page < ring->pages);
	UNSAFE_BEGIN("page was compared with the count")
	return &ring->frames[page];
	UNSAFE_END
}

err_t stream_ring_init(struct stream_ring *ring, u32 capacity)
{
	struct stream_ring made = { .pages = capacity / (u32)PAGE_SIZE, .capacity = capacity };
	void *table;
	TRY(slab_alloc(table_size(&made), &table));
	made.frames = table;
	*ring = made;
	return OK;
}

void stream_ring_fini(struct stream_ring *ring)
{
	if (!ring->frames)
		return;
	for (u32 page = 0; page < ring->pages; page++) {
		u64 frame = *frame_slot(ring, page);
		if (frame)
			frame_free((paddr_t){ frame }, 0);
	}
	slab_free(ring->frames, table_size(ring));
	*ring = (struct stream_ring){};
}

err_t stream_ring_piece(struct stream_ring *ring, u32 at, u32 size, span_t *out)
{
	at %= ring->capacity;
	u64 *slot = frame_slot(ring, at / (u32)PAGE_SIZE);
	if (!*slot) {
		paddr_t frame;
		TRY(frame_alloc(0, FRAME_KERNEL, &frame));
		*slot = frame.raw;
	}
	span_t page = span_from(frame_address((paddr_t){ *slot }), PAGE_SIZE);
	*out = span_clamp(page, at & (u32)PAGE_MASK, size);
	return OK;
}

// An empty ring begins anew at its first byte, so that short messages stay within one warm page.
u32 stream_ring_tail(struct stream_ring *ring)
{
	if (!ring->used)
		ring->head = 0;
	return (ring->head + ring->used) % ring->capacity;
}

void stream_ring_commit(struct stream_ring *ring, u32 size)
{
	assert(size <= stream_ring_space(ring));
	ring->used += size;
}

void stream_ring_consume(struct stream_ring *ring, u32 size)
{
	assert(size <= ring->used);
	ring->used -= size;
	ring->head = (ring->head + size) % ring->capacity;
}
