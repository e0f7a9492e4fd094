// SPDX-License-Identifier: MIT
// poison.h - what the allocators tell debug builds: which memory nobody may touch. Callers write
// `if (IS_DEBUG) debug_...`, so that release builds hold none of it. Guest: kasan.c and poison.c;
// unit tests on the host: arch/host/poison.c, for the compiler's own address sanitizer.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

struct boot_info;

constexpr usize POISON_EDGE = IS_DEBUG && !IS_HOST ? 16 : 0; // between slab objects, at least

// For the few functions that keep lists inside free memory.
#define UNPOISONED [[clang::no_sanitize("kernel-address")]]

// Boot: so many bytes for the shadow of this much RAM, which begins at direct_map.
usize debug_shadow_size(const struct boot_info *info, u64 ram_size);
void debug_shadow_init(const struct boot_info *info, void *shadow, u64 ram_size);

// Whole frames. Freed ones are filled with a pattern that must still be there when they are taken.
void debug_frames_unused(void *memory, usize size); // free since boot: not filled
void debug_frames_freed(void *memory, usize size);
void debug_frames_taken(void *memory, usize size);
void debug_frames_used_part(void *memory, usize used, usize size); // the rest is an edge

// Slabs. `room` is the size of the object's class.
void debug_slab_made(void *page);
void debug_object_taken(void *object, usize size, usize room);
void debug_object_freed(void *object, usize room);

// Keeps a freed object from being used again soon. Takes this one, and gives out another for good,
// or null.
struct debug_object {
	void *_Nullable memory;
	u32 class;
};
struct debug_object debug_quarantine(struct debug_object freed);

// For code that the compiler does not instrument: panics if some of it is poisoned.
void debug_access(const void *memory, usize size, bool is_write);

// Panics by way of the check named on the command line: selftest=NAME.
void debug_selftest(const struct boot_info *info);

NONNULL_END
