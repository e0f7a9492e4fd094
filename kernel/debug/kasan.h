// SPDX-License-Identifier: MIT
// kasan.h - the shadow: one byte for eight. 0: all eight may be used; 1 to 7: only so many of them;
// else a kind of poison.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

enum poison : u8 {
	POISON_UNUSED_FRAME = 0x81, // free since boot
	POISON_FREED_FRAME,
	POISON_FREED_OBJECT,
	POISON_SLAB_EDGE,  // of a page of objects, but no object
	POISON_FRAME_EDGE, // behind an object that takes whole frames
};

constexpr u32 GRANULE = 8; // bytes for each byte of shadow

// Memory is granule-aligned. Nothing happens where there is no shadow.
void kasan_poison(const void *memory, usize size, enum poison kind);
void kasan_unpoison(const void *memory, usize size); // the last granule only as far as size goes
u8 kasan_shadow_at(const void *memory);              // 0 where there is no shadow
void kasan_check(uintptr_t address, usize size, bool is_write);
void kasan_report(uintptr_t address, const char *what, usize size); // panics, if not already

NONNULL_END
