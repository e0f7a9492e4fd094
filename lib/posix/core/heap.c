// SPDX-License-Identifier: MIT
// heap.c - see heap.h. New pieces come from the end of what is used of the process area.
#include "lib/posix/core/heap.h"

#include "lib/base/bits.h"
#include "lib/posix/core/posix.h"

constexpr u32 SMALLEST_SHIFT = 5;

struct free_piece {
	u64 next;
};

// 0 for up to 32 bytes, 1 for up to 64, ...; HEAP_CLASSES and more: too large.
static u32 class_of(usize size)
{
	u32 class = 0;
	while (class < HEAP_CLASSES && size > (usize)1 << (class + SMALLEST_SHIFT))
		class ++;
	return class;
}

static u64 piece_take(struct posix *posix, u32 class)
{
	struct heap *heap = &posix->core.heap;
	u64 address = AT(heap->free, class);
	if (address) {
		UNSAFE_BEGIN("a piece that heap_give left there")
		AT(heap->free, class) = ((const struct free_piece *)address)->next;
		UNSAFE_END
		return address;
	}
	u64 size = (u64)1 << (class + SMALLEST_SHIFT);
	u64 start = align_up(posix->used, min_u64(size, PAGE_SIZE));
	if (size > PROCESS_HEAP_END || start > PROCESS_HEAP_END - size)
		return 0;
	posix->used = start + size;
	return PROCESS_AREA + start;
}

void *_Nullable heap_take(usize size)
{
	struct posix *posix = posix_self();
	u32 class = class_of(size);
	if (class >= HEAP_CLASSES)
		return nullptr;
	posix_lock_take(&posix->core.heap.lock);
	u64 address = piece_take(posix, class);
	posix_lock_give(&posix->core.heap.lock);
	if (!address)
		return nullptr;
	UNSAFE_BEGIN("a piece of at least this size, nobody else's")
	void *memory = (void *)address;
	UNSAFE_END
	memory_fill(memory, 0, size);
	return memory;
}

void heap_give(void *_Nullable memory, usize size)
{
	struct heap *heap = &posix_self()->core.heap;
	if (!memory)
		return;
	u32 class = class_of(size);
	struct free_piece *piece = memory;
	posix_lock_take(&heap->lock);
	piece->next = AT(heap->free, class);
	AT(heap->free, class) = (u64)(uintptr_t)piece;
	posix_lock_give(&heap->lock);
}
