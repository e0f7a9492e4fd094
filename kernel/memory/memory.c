// SPDX-License-Identifier: MIT
// memory.c - birth and death of memory objects, and kernel copies into them. Pages: page.c; ranges
// of pages: range.c; who shows them: unmap.c; pagers: pager.c; clones: clone.c.
#include "lib/base/memory.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/bits.h"

err_t memory_create_anonymous(struct quota *quota, u64 size, struct memory *_Nullable *_Nonnull out)
{
	if (size > (RADIX_INDEX_END - 1) << PAGE_SHIFT)
		return ERR_RANGE;
	struct object *object;
	TRY(object_create(OBJECT_MEMORY, sizeof(struct memory), quota, &object));
	struct memory *memory = memory_of(object);
	lock_init(&memory->lock, RANK_MEMORY);
	memory->size = align_up(size, PAGE_SIZE);
	memory->length = size;
	list_init(&memory->mappings);
	list_init(&memory->clones);
	list_init(&memory->page_waiters);
	*out = memory;
	return OK;
}

// Frames that the allocator manages belong to somebody: nobody's authority covers them.
static err_t check_physical(paddr_t base, u64 size)
{
	for (u64 offset = 0; offset < size; offset += PAGE_SIZE) {
		paddr_t frame = { base.raw + offset };
		if (!frame_exists(frame))
			return OK; // beyond the end of RAM
		enum frame_use use = frame_of(frame)->use;
		if (use != FRAME_RESERVED && use != FRAME_BOOT)
			return ERR_RANGE;
	}
	return OK;
}

err_t memory_create_physical(
	struct quota *quota, paddr_t base, u64 size, u32 flags, struct memory *_Nullable *_Nonnull out)
{
	if (!is_aligned(base.raw | size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	if (!size || base.raw + size < base.raw || base.raw + size > 1ull << 52)
		return ERR_RANGE;
	TRY(check_physical(base, size));
	struct memory *memory;
	TRY(memory_create_anonymous(quota, size, &memory));
	memory->kind = MEMORY_KIND_PHYSICAL;
	memory->base = base;
	memory->flags = (u8)flags;
	*out = memory;
	return OK;
}

static void free_tail(paddr_t base, u64 from, u64 end)
{
	for (u64 i = from; i < end; i++)
		frame_put((paddr_t){ base.raw + (i << PAGE_SHIFT) });
}

err_t memory_create_contiguous(
	struct quota *quota, u64 size, u32 flags, struct memory *_Nullable *_Nonnull out)
{
	u64 pages = size >> PAGE_SHIFT;
	u32 order = log2_ceil(pages);
	if (!is_aligned(size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	if (!pages || order > FRAME_ORDER_MAX)
		return ERR_RANGE;
	struct memory *memory;
	TRY(memory_create_anonymous(quota, size, &memory));
	memory->kind = MEMORY_KIND_CONTIGUOUS;
	memory->flags = (u8)flags;
	err_t error = quota_charge_pages(quota, pages);
	if (error == OK && (error = frame_alloc(order, FRAME_MEMORY, &memory->base)) != OK)
		quota_return_pages(quota, pages);
	if (error != OK) {
		object_put(&memory->object);
		return error;
	}
	frame_split(memory->base, order);
	free_tail(memory->base, pages, 1ull << order);
	memory->committed = pages;
	memory_fill(frame_address(memory->base), 0, size);
	*out = memory;
	return OK;
}

err_t memory_create_pager(struct quota *quota, u64 size, struct port *port, u64 key,
	struct memory *_Nullable *_Nonnull out)
{
	struct memory *memory;
	TRY(memory_create_anonymous(quota, size, &memory));
	memory->kind = MEMORY_KIND_PAGER;
	object_get(&port->object);
	memory->pager = port;
	memory->pager_key = key;
	memory->page_notice.kind = NOTICE_PAGES;
	lock_take(&port->lock);
	list_push_back(&port->pagers, &memory->pager_node);
	lock_give(&port->lock);
	*out = memory;
	return OK;
}

static bool memory_drain(struct object *object, u32 *budget)
{
	u64 done = 0;
	bool is_any = true;
	for (; is_any && done < *budget; done += RUN_COST)
		is_any = page_drop_run(memory_of(object), 0, RADIX_INDEX_END, &done);
	*budget -= (u32)min_u64(done, *budget);
	return !is_any;
}

// Nobody maps it, waits for it, or holds a handle: each of those is a reference.
static void memory_destroy(struct object *object)
{
	struct memory *memory = memory_of(object);
	assert(list_is_empty(&memory->mappings) && list_is_empty(&memory->page_waiters));
	if (memory->kind == MEMORY_KIND_CONTIGUOUS && memory->committed) {
		free_tail(memory->base, 0, memory->committed);
		quota_return_pages(object->quota, memory->committed);
	}
	if (memory->status)
		(void)memory_publish(memory, nullptr, 0);
	if (memory->pager) {
		port_forget(memory->pager, &memory->page_notice);
		lock_take(&memory->pager->lock);
		if (list_node_is_linked(&memory->pager_node))
			list_remove(&memory->pager_node);
		lock_give(&memory->pager->lock);
		object_put(&memory->pager->object);
	}
	struct memory *parent = memory->parent;
	if (!parent)
		return;
	lock_take(&parent->lock);
	list_remove(&memory->clone_node);
	lock_give(&parent->lock);
	object_put(&parent->object);
}

const struct object_class memory_class = {
	.size = sizeof(struct memory),
	.drain = memory_drain,
	.destroy = memory_destroy,
};

err_t memory_copy_in(struct memory *memory, u64 offset, const void *from, usize size)
{
	view_t left = view_from(from, size);
	while (left.size) {
		u64 in_page = offset & PAGE_MASK;
		view_t part = view_clamp(left, 0, PAGE_SIZE - in_page);
		paddr_t frame;
		TRY(memory_page(memory, offset >> PAGE_SHIFT, true, &frame));
		span_t page = span_from(frame_address(frame), PAGE_SIZE);
		memory_copy_shared(span_at(page, in_page), part.data, part.size);
		bool is_kept = memory_page_written(memory, offset >> PAGE_SHIFT, frame);
		frame_put(frame);
		if (!is_kept)
			continue;
		left = view_from_offset(left, part.size);
		offset += part.size;
	}
	return OK;
}
