// SPDX-License-Identifier: MIT
// frame.h - physical memory: one struct frame for each 4 KiB of RAM, a buddy allocator, and a cache
// of single frames per CPU. Not charged here: whoever asks charges its quota first.
#pragma once

#include "abi/errors.h"
#include "kernel/memory/address.h"
#include "kernel/sched/lock.h"
#include "lib/base/list.h"

NONNULL_BEGIN

enum frame_use : u8 {
	FRAME_RESERVED, // firmware, devices, holes: may be mapped as physical memory only
	FRAME_FREE,
	FRAME_KERNEL,
	FRAME_TABLE,
	FRAME_MEMORY,
	FRAME_SLAB,
	FRAME_BOOT, // the boot image: RAM that nobody allocates, readable as physical memory
};

constexpr u32 FRAME_ORDER_MAX = 10; // 4 MiB
constexpr u32 FRAME_ORDER_LARGE = 9;

constexpr u64 FRAME_SHARER = 1ull << 32 | 1; // of counts: one sharer more, which is a reference

struct frame {
	union {
		struct {
			u32 references; // atomic. FRAME_MEMORY: one for each sharer, and one for each pin
			u32 sharers;    // FRAME_MEMORY, atomic: memory objects that hold it copy-on-write
		};
		u64 counts;           // both at once
		void *_Nullable slab; // FRAME_SLAB: first free object
		u64 *above;           // FRAME_TABLE of a space: the entry that leads to it
	};
	union {
		struct {
			enum frame_use use;
			u8 order; // of the block this frame heads; FRAME_SLAB: its size class
		};
		u16 state; // both at once: other CPUs' frees look at their neighbours
	};
	u16 slab_used;         // FRAME_SLAB: objects in use
	struct list_node node; // free list, slab's list, or page_table.tables
};
static_assert(sizeof(struct frame) == 32);

struct boot_info;
void frames_init(const struct boot_info *info);
// 1 << order frames, physically contiguous and so aligned, references = 1, contents undefined.
// Lowest rank but leaf; callable everywhere. ERR_NO_MEMORY.
err_t frame_alloc(u32 order, enum frame_use use, paddr_t *out);
err_t frame_alloc_zeroed(enum frame_use use, paddr_t *out); // one frame
void frame_free(paddr_t frame, u32 order);
void frame_free_zeroed(paddr_t frame); // one frame, which is all zeros: for frame_alloc_zeroed
// Makes a block of 1 << order frames into single ones, each with one reference and one sharer.
void frame_split(paddr_t frame, u32 order);
bool frame_exists(paddr_t frame); // has a struct frame

// Set once at boot, then constant.
extern struct ram {
	u8 *direct_map;
	struct frame *array;
	u64 count;
	u64 total;
	paddr_t zero_page;
} ram;

static inline struct frame *frame_at(u64 number)
{
	assert(number < ram.count);
	UNSAFE_BEGIN("number was compared with the count")
	return &ram.array[number];
	UNSAFE_END
}
static inline struct frame *frame_of(paddr_t frame)
{
	return frame_at(frame.raw >> PAGE_SHIFT);
}
static inline u64 frame_number(const struct frame *frame)
{
	return (u64)((uintptr_t)frame - (uintptr_t)ram.array) / sizeof(struct frame);
}
static inline void frame_get(paddr_t paddr)
{
	__atomic_add_fetch(&frame_of(paddr)->references, 1, __ATOMIC_RELAXED);
}
void frame_put(paddr_t frame); // drops a reference, frees (by its head's order) at zero
// The memory object no longer holds it. Release: a copy made from it is finished before the last
// holder writes in place; acquire: see frame_put. Pairs with page_is_writable.
static inline void frame_unshare(paddr_t paddr)
{
	struct frame *frame = frame_of(paddr);
	u64 before = __atomic_fetch_sub(&frame->counts, FRAME_SHARER, __ATOMIC_ACQ_REL);
	if ((u32)before == 1)
		frame_free(paddr, frame->order);
}
paddr_t frame_zero_page(void); // shared, read-only, never freed
u64 frames_total(void);
u64 frames_free(void);              // exact when the other CPUs are idle: caches included
void *frame_address(paddr_t frame); // through the direct map
paddr_t frame_of_address(const void *address); // back again: any byte of the direct map

NONNULL_END
