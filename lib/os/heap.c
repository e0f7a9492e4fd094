// SPDX-License-Identifier: MIT
// heap.c - free lists by size class; each freed block holds the link to the next.
#include "lib/os/heap.h"

#include "lib/base/bits.h"
#include "lib/os/mutex.h"
#include "os/syscalls.h"

constexpr usize SMALLEST = 32;
constexpr usize LARGEST = 32768;
constexpr u32 CLASSES = 11;
constexpr usize PIECE = 1 << 20;

struct free_block {
	struct free_block *_Nullable next;
};

static struct {
	struct mutex lock;
	struct free_block *_Nullable free[CLASSES]; // under lock
	u64 piece, left;                            // under lock: rest of the current piece
} heap;

static u32 class_of(usize size)
{
	u32 class = 0;
	for (usize room = SMALLEST; room < size; room *= 2)
		class ++;
	return class;
}

static err_t map_pages(usize size, u64 *out)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(HANDLE_NONE, memory, 0, size, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE, out);
	(void)handle_close(memory); // the mapping keeps it
	return err;
}

static err_t carve(usize size, u64 *out)
{
	if (heap.left < size) {
		TRY(map_pages(PIECE, &heap.piece));
		heap.left = PIECE;
	}
	*out = heap.piece;
	heap.piece += size;
	heap.left -= size;
	return OK;
}

static err_t alloc_small(u32 class, void *_Nullable *_Nonnull out)
{
	struct free_block **first = &AT(heap.free, class);
	u64 address;
	if (*first) {
		*out = *first;
		*first = (*first)->next;
		memory_fill(*out, 0, SMALLEST << class);
		return OK;
	}
	TRY(carve(SMALLEST << class, &address));
	UNSAFE_BEGIN("fresh memory of ours")
	*out = (void *)address;
	UNSAFE_END
	return OK;
}

err_t heap_alloc(usize size, void *_Nullable *_Nonnull out)
{
	if (size > LARGEST) {
		u64 address;
		TRY(map_pages(align_up(size, PAGE_SIZE), &address));
		UNSAFE_BEGIN("fresh memory of ours")
		*out = (void *)address;
		UNSAFE_END
		return OK;
	}
	mutex_lock(&heap.lock);
	err_t err = alloc_small(class_of(size), out);
	mutex_unlock(&heap.lock);
	return err;
}

void heap_free(void *memory, usize size)
{
	if (size > LARGEST) {
		(void)memory_unmap(HANDLE_NONE, (u64)memory, align_up(size, PAGE_SIZE));
		return;
	}
	mutex_lock(&heap.lock);
	struct free_block **first = &AT(heap.free, class_of(size));
	struct free_block *block = memory;
	block->next = *first;
	*first = block;
	mutex_unlock(&heap.lock);
}
