// SPDX-License-Identifier: MIT
// frame.h - physical memory: one struct frame for each 4 KiB of RAM, a buddy allocator, and a cache
// of single frames per CPU. Not charged here: whoever asks charges its quota first.
#pragma once

#include "abi/errors.h"
#include "kernel/memory/address.h"
#include "kernel/sched/lock.h"
#include "lib/base/list.h"

NONNULL_BEGIN

enum frame_use : u8 { FRAME_RESERVED, FRAME_FREE, FRAME_KERNEL, FRAME_TABLE, FRAME_MEMORY, FRAME_SLAB };

struct frame {
	u32 references; // atomic. Memory pages: objects that share it copy-on-write, and pins
	enum frame_use use;
	u8 order; // of the block this frame heads
	u16 slab_used; // FRAME_SLAB: objects in use
	struct list_node node; // free list, or slab's list
	void *_Nullable slab; // FRAME_SLAB: whose
};

struct boot_info;
void frames_init(const struct boot_info *info);
// 1 << order frames, physically contiguous and so aligned, references = 1, contents undefined.
// Lowest rank but leaf; callable everywhere. ERR_NO_MEMORY.
err_t frame_alloc(u32 order, enum frame_use use, paddr_t *out);
err_t frame_alloc_zeroed(enum frame_use use, paddr_t *out); // one frame
void frame_free(paddr_t frame, u32 order);
struct frame *frame_of(paddr_t frame);
static inline void frame_get(paddr_t paddr) { __atomic_add_fetch(&frame_of(paddr)->references, 1, __ATOMIC_RELAXED); }
void frame_put(paddr_t frame); // drops a reference, frees (by its head's order) at zero
paddr_t frame_zero_page(void); // shared, read-only, never freed
u64 frames_total(void);
u64 frames_free(void); // exact when the other CPUs are idle: caches included
void *frame_address(paddr_t frame); // through the direct map

NONNULL_END
