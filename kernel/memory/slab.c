// SPDX-License-Identifier: MIT
// slab.c - small kernel memory: one-page slabs of equal objects, a lock for each size class. What a
// slab page needs to know stands in its struct frame; free objects are linked through themselves.
// One empty page is kept for each class, so that a lone object does not make a page come and go.
#include "kernel/memory/slab.h"

#include "kernel/debug/poison.h"
#include "kernel/memory/frame.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"
#include "lib/base/view.h"

// 576 is a radix node's (and seven make a page), 96 a list-sized object's.
static const u16 sizes[] = { 32, 64, 96, 128, 192, 256, 384, 576, 768, 1024, 1344, 2048 };
constexpr u32 CLASS_COUNT = COUNT(sizes), UNIT = 32, UNITS_MAX = 2048 / UNIT;
static u8 class_of_units[UNITS_MAX + 1]; // the smallest class for so many; written once at boot

static struct slab_class {
	struct spinlock lock;          // RANK_SLAB
	struct list partial;           // struct frame.node: pages with free objects, some in use
	struct frame *_Nullable empty; // one page without objects in use
} classes[CLASS_COUNT];

struct free_object {
	struct free_object *_Nullable next;
};

void slabs_init(void)
{
	for (u32 i = 0; i < CLASS_COUNT; i++) {
		lock_init(&AT(classes, i).lock, RANK_SLAB);
		list_init(&AT(classes, i).partial);
	}
	for (u32 units = 0, i = 0; units <= UNITS_MAX; units++) {
		i += AT(sizes, i) < units * UNIT;
		AT(class_of_units, units) = (u8)i;
	}
}

// CLASS_COUNT: too large for a slab.
static u32 class_of(usize size)
{
	usize units = (size + POISON_EDGE + UNIT - 1) / UNIT;
	return units <= UNITS_MAX ? AT(class_of_units, units) : CLASS_COUNT;
}

static u32 whole_order(usize size)
{
	return log2_ceil(pages_of_size(size));
}

UNPOISONED static err_t slab_page_create(u32 class, struct frame *_Nullable *_Nonnull out)
{
	paddr_t paddr;
	TRY(frame_alloc(0, FRAME_SLAB, &paddr));
	struct frame *frame = frame_of(paddr);
	frame->order = (u8) class;
	if (IS_DEBUG)
		debug_slab_made(frame_address(paddr));
	struct free_object *first = nullptr;
	u32 size = AT(sizes, class);
	span_t page = span_from(frame_address(paddr), PAGE_SIZE);
	for (u32 end = PAGE_SIZE / size * size; end; end -= size) {
		struct free_object *object = (void *)span_at(page, end - size);
		object->next = first;
		first = object;
	}
	frame->slab = first;
	*out = frame;
	return OK;
}

UNPOISONED static void *take_object(struct frame *frame)
{
	struct free_object *object = frame->slab;
	assert(object);
	frame->slab = object->next;
	frame->slab_used++;
	if (!frame->slab)
		list_remove(&frame->node);
	return object;
}

// A page with a free object, in the partial list. The lock is held.
static err_t find_page(u32 index, struct frame *_Nullable *_Nonnull out)
{
	struct slab_class *class = &AT(classes, index);
	struct list_node *node = list_first(&class->partial);
	if (node) {
		*out = container_of(node, struct frame, node);
		return OK;
	}
	struct frame *frame = class->empty;
	if (frame)
		class->empty = nullptr;
	else
		TRY(slab_page_create(index, &frame));
	list_push_front(&class->partial, &frame->node);
	*out = frame;
	return OK;
}

err_t slab_alloc(usize size, void *_Nullable *_Nonnull out)
{
	u32 index = class_of(size);
	if (index == CLASS_COUNT) {
		paddr_t paddr;
		TRY(frame_alloc(whole_order(size), FRAME_KERNEL, &paddr));
		if (IS_DEBUG)
			debug_frames_used_part(frame_address(paddr), size, PAGE_SIZE << whole_order(size));
		*out = memory_fill(frame_address(paddr), 0, size);
		return OK;
	}
	struct slab_class *class = &AT(classes, index);
	lock_take(&class->lock);
	struct frame *frame;
	err_t error = find_page(index, &frame);
	void *object = error == OK ? take_object(frame) : nullptr;
	lock_give(&class->lock);
	if (IS_DEBUG && error == OK)
		debug_object_taken(object, size, AT(sizes, index));
	if (error == OK)
		*out = memory_fill(object, 0, size);
	return error;
}

// Which page to give back, now that the object is free: none, or one too many empty ones.
UNPOISONED static struct frame *_Nullable put_object(
	struct slab_class *class, struct frame *frame, void *object)
{
	struct free_object *freed = object;
	if (!frame->slab)
		list_push_front(&class->partial, &frame->node);
	freed->next = frame->slab;
	frame->slab = freed;
	assert(frame->slab_used);
	if (--frame->slab_used)
		return nullptr;
	list_remove(&frame->node);
	if (class->empty)
		return frame;
	class->empty = frame;
	return nullptr;
}

void slab_free(void *memory, usize size)
{
	u32 index = class_of(size);
	paddr_t paddr = frame_of_address(memory);
	if (index == CLASS_COUNT) {
		frame_free(paddr, whole_order(size));
		return;
	}
	struct frame *frame = frame_of(paddr);
	assert(frame->use == FRAME_SLAB && frame->order == index);
	if (IS_DEBUG) {
		debug_object_freed(memory, AT(sizes, index));
		struct debug_object oldest = debug_quarantine((struct debug_object){ memory, index });
		if (!oldest.memory)
			return;
		memory = oldest.memory;
		index = oldest.class;
		paddr = frame_of_address(memory);
		frame = frame_of(paddr);
	}
	struct slab_class *class = &AT(classes, index);
	lock_take(&class->lock);
	struct frame *spare = put_object(class, frame, memory);
	lock_give(&class->lock);
	if (spare)
		frame_free(paddr, 0);
}
