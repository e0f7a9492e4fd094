// SPDX-License-Identifier: MIT
// poison.c - freed memory: poisoned for the compiler's checks, filled with a pattern against all
// that is not checked (programs with stale mappings, devices, assembler code), and slab objects
// held back for a while before they are given out again.
#include "kernel/debug/poison.h"

#include "kernel/debug/kasan.h"
#include "kernel/panic.h"
#include "kernel/sched/cpu.h"
#include "lib/base/unsafe.h"
#include "lib/base/view.h"

constexpr u64 PATTERN_WORD = 0xdbdb'dbdb'dbdb'dbdb;
constexpr u32 QUARANTINE = 64;

// The latest objects freed on each CPU, the oldest at `next`.
struct quarantine {
	u32 next;
	struct debug_object object[QUARANTINE];
};
static struct quarantine quarantines[CPU_MAX]; // each its CPU's

// Not by memset, which is instrumented and may meet edges here.
static void fill(void *memory, usize size)
{
	UNSAFE_BEGIN("all sizes are multiples of a word")
	volatile u64 *word = memory;
	for (usize i = 0; i < size / sizeof(u64); i++)
		word[i] = PATTERN_WORD;
	UNSAFE_END
}

static void check_fill(const void *memory, usize offset, usize size)
{
	UNSAFE_BEGIN("all sizes are multiples of a word")
	const u64 *word = memory;
	for (usize i = offset / sizeof(u64); i < size / sizeof(u64); i++)
		if (UNLIKELY(word[i] != PATTERN_WORD))
			panic("freed memory was written: %016lx at %p", word[i], (uintptr_t)&word[i]);
	UNSAFE_END
}

static void *at(void *memory, usize offset)
{
	UNSAFE_BEGIN("inside one object, as the callers know")
	return (u8 *)memory + offset;
	UNSAFE_END
}

void debug_frames_unused(void *memory, usize size)
{
	kasan_poison(memory, size, POISON_UNUSED_FRAME);
}

void debug_frames_freed(void *memory, usize size)
{
	if (kasan_shadow_at(memory) == POISON_FREED_FRAME)
		kasan_report((uintptr_t)memory, "second free", size);
	fill(memory, size);
	kasan_poison(memory, size, POISON_FREED_FRAME);
}

void debug_frames_taken(void *memory, usize size)
{
	for (usize offset = 0; offset < size; offset += PAGE_SIZE)
		if (kasan_shadow_at(at(memory, offset)) == POISON_FREED_FRAME)
			check_fill(at(memory, offset), 0, PAGE_SIZE);
	kasan_unpoison(memory, size);
}

void debug_frames_used_part(void *memory, usize used, usize size)
{
	kasan_poison(memory, size, POISON_FRAME_EDGE);
	kasan_unpoison(memory, used);
}

void debug_slab_made(void *page)
{
	fill(page, PAGE_SIZE);
	kasan_poison(page, PAGE_SIZE, POISON_SLAB_EDGE);
}

void debug_object_taken(void *object, usize size, usize room)
{
	check_fill(object, sizeof(void *), room); // but for the link of the list of free ones
	kasan_poison(object, room, POISON_SLAB_EDGE);
	kasan_unpoison(object, size);
}

void debug_object_freed(void *object, usize room)
{
	if (kasan_shadow_at(object) >= GRANULE)
		kasan_report((uintptr_t)object, "second free", room);
	fill(object, room);
	kasan_poison(object, room, POISON_FREED_OBJECT);
}

struct debug_object debug_quarantine(struct debug_object freed)
{
	struct quarantine *own = &AT(quarantines, cpu_self()->id);
	struct debug_object *place = &AT(own->object, own->next);
	struct debug_object oldest = *place;
	*place = freed;
	own->next = (own->next + 1) % QUARANTINE;
	return oldest;
}
