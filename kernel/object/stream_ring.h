// SPDX-License-Identifier: MIT
// stream_ring.h - a byte ring over frames that are allocated when they are first written. Locks
// nothing; the frames of the used part belong to the reader, those of the space to the writer.
#pragma once

#include "kernel/memory/frame.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct stream_ring {
	u64 *_Nullable frames; // owned: physical addresses, 0 = not yet allocated
	u32 pages;
	u32 capacity; // bytes; 0: there is no such direction
	u32 head;     // of the first used byte
	u32 used;
};

err_t stream_ring_init(struct stream_ring *ring, u32 capacity); // whole pages
void stream_ring_fini(struct stream_ring *ring);
// The longest piece within one page, at most size bytes, that starts at this place of the ring. The
// frame is allocated if need be (only the writer gets to see that). ERR_NO_MEMORY.
err_t stream_ring_piece(struct stream_ring *ring, u32 at, u32 size, span_t *out);
u32 stream_ring_tail(struct stream_ring *ring);               // where the space begins
void stream_ring_commit(struct stream_ring *ring, u32 size);  // written bytes become used
void stream_ring_consume(struct stream_ring *ring, u32 size); // read bytes become space
static inline u32 stream_ring_space(const struct stream_ring *ring)
{
	return ring->capacity - ring->used;
}

NONNULL_END
