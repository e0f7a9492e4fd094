// SPDX-License-Identifier: MIT
// page.c - one page of a memory object: found, made present, made private, taken away. A slot holds
// a frame whose sharers count the objects that hold it; whoever writes while it is shared copies it
// first. A frame leaves its slot only after it has left every page table.
#include "kernel/memory/memory_parts.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"

void memory_lock(struct memory *memory) NO_THREAD_SAFETY_ANALYSIS
{
	if (memory->parent)
		lock_take(&memory->parent->lock);
	lock_take(&memory->lock);
}

void memory_unlock(struct memory *memory) NO_THREAD_SAFETY_ANALYSIS
{
	lock_give(&memory->lock);
	if (memory->parent)
		lock_give(&memory->parent->lock);
}

enum page_state page_find(struct memory *memory, u64 index, paddr_t *out)
{
	if (index >= memory->size >> PAGE_SHIFT)
		return STATE_BEYOND;
	if (memory_is_linear(memory)) {
		*out = (paddr_t){ memory->base.raw + (index << PAGE_SHIFT) };
		return STATE_OWN;
	}
	const u64 *slot = radix_find(&memory->pages, index);
	if (slot) {
		*out = slot_frame(*slot);
		return STATE_OWN;
	}
	const struct memory *parent = memory->parent;
	if (!parent || index >= memory->parent_pages)
		return memory->kind == MEMORY_KIND_PAGER ? STATE_ASK : STATE_ZERO;
	index += memory->parent_offset >> PAGE_SHIFT;
	if (index >= parent->size >> PAGE_SHIFT)
		return STATE_BEYOND;
	slot = radix_find(&parent->pages, index);
	if (!slot)
		return STATE_ASK;
	*out = slot_frame(*slot);
	return STATE_PARENT;
}

bool page_is_writable(struct memory *memory, u64 index, paddr_t frame)
{
	if (memory_is_linear(memory))
		return true;
	// Sharers appear only under the lock of the only holder, which we have.
	return atomic_load_acquire(&frame_of(frame)->sharers) == 1 &&
	       (memory->kind != MEMORY_KIND_PAGER || radix_is_dirty(&memory->pages, index));
}

static u64 node_pages(u64 nodes)
{
	return (nodes + RADIX_NODES_PER_PAGE - 1) / RADIX_NODES_PER_PAGE;
}

void page_unshare_run(const struct radix_run *run)
{
	RADIX_RUN_EACH(i, run)
	frame_unshare(slot_frame(AT(*run->slot, i)));
}

err_t page_add_run(struct memory *memory, struct radix_run *run)
{
	constexpr u64 NODES = (RADIX_RUN_NODES + RADIX_NODES_PER_PAGE - 1) / RADIX_NODES_PER_PAGE;
	struct quota *quota = NOT_NULL(memory->object.quota);
	u64 before = node_pages(memory->pages.nodes);
	u64 count = bits_count(run->present);
	u64 charged = count + NODES;
	err_t error = quota_charge_pages(quota, charged);
	if (error != OK) {
		page_unshare_run(run);
		return error;
	}
	error = radix_insert_run(&memory->pages, run);
	page_unshare_run(run); // what is left of it
	count -= bits_count(run->present);
	memory->committed += count;
	quota_return_pages(quota, charged + before - count - node_pages(memory->pages.nodes));
	return error;
}

NO_INLINE static err_t add_with_nodes(struct memory *memory, u64 index, u64 slot)
{
	UNINITIALIZED u64 slots[RADIX_RUN];
	u64 i = index % RADIX_RUN;
	AT(slots, i) = slot;
	return page_add_run(memory, &(struct radix_run){ index - i, 1ull << i, &slots });
}

err_t page_add(struct memory *memory, u64 index, u64 slot)
{
	if (quota_charge_pages(memory->object.quota, 1) == OK) {
		if (radix_insert_easily(&memory->pages, index, slot)) {
			memory->committed++;
			return OK;
		}
		quota_return_pages(memory->object.quota, 1);
	}
	return add_with_nodes(memory, index, slot);
}

bool page_drop_run(struct memory *memory, u64 first, u64 end, u64 *dropped)
{
	struct radix_run run;
	u64 before = node_pages(memory->pages.nodes);
	if (!radix_next_run(&memory->pages, first, end, &run))
		return false;
	u64 count = bits_count(run.present);
	page_unshare_run(&run);
	memory->dirty -= radix_remove_run(&memory->pages, &run);
	memory->committed -= count;
	*dropped += count;
	quota_return_pages(memory->object.quota, count + before - node_pages(memory->pages.nodes));
	return true;
}

void page_break_large(struct memory *memory, u64 index)
{
	u64 first = align_down(index, LARGE_PAGES);
	memory_unmap_pages(memory, first, LARGE_PAGES);
	for (u64 i = first; i < first + LARGE_PAGES; i++) {
		u64 *slot = radix_find(&memory->pages, i);
		if (slot)
			*slot &= ~(u64)PAGE_LARGE;
	}
}

// A frame of our own in place of one that others hold too.
static err_t page_copy_shared(struct memory *memory, u64 index, paddr_t shared, paddr_t *out)
{
	paddr_t frame;
	TRY(frame_alloc(0, FRAME_MEMORY, &frame));
	u64 *slot = radix_find(&memory->pages, index);
	assert(slot);
	if (*slot & PAGE_LARGE)
		page_break_large(memory, index);
	else
		memory_unmap_pages(memory, index, 1);
	page_copy(frame_address(frame), frame_address(shared)); // not before the last stale writer
	*slot = frame.raw;
	frame_unshare(shared);
	*out = frame;
	return OK;
}

// A page where there was none: zeros, or what the parent has.
static err_t page_add_fresh(
	struct memory *memory, u64 index, const paddr_t *_Nullable model, paddr_t *out)
{
	paddr_t frame;
	TRY(frame_alloc(0, FRAME_MEMORY, &frame));
	TRY(page_add(memory, index, frame.raw));
	if (model)
		page_copy(frame_address(frame), frame_address(*model));
	else
		page_zero(frame_address(frame));
	if (memory->has_foreign)
		memory_unmap_pages(memory, index, 1);
	*out = frame;
	return OK;
}

static void page_set_dirty(struct memory *memory, u64 index)
{
	if (memory->kind != MEMORY_KIND_PAGER || radix_is_dirty(&memory->pages, index))
		return;
	radix_set_dirty(&memory->pages, index, true);
	memory->dirty++;
}

static err_t page_own_for_write(struct memory *memory, u64 index, paddr_t frame, paddr_t *out)
{
	if (!memory_is_linear(memory)) {
		if (atomic_load_acquire(&frame_of(frame)->sharers) > 1)
			TRY(page_copy_shared(memory, index, frame, &frame));
		page_set_dirty(memory, index);
	}
	*out = frame;
	return OK;
}

err_t page_for_write(struct memory *memory, u64 index, paddr_t *out)
{
	paddr_t frame;
	switch (page_find(memory, index, &frame)) {
	case STATE_OWN: return page_own_for_write(memory, index, frame, out);
	case STATE_PARENT: return page_add_fresh(memory, index, &frame, out);
	case STATE_ZERO: return page_add_fresh(memory, index, nullptr, out);
	case STATE_ASK: return ERR_PAGE_NEEDED;
	case STATE_BEYOND: return ERR_RANGE;
	}
	never_reached();
}

err_t page_for_read(struct memory *memory, u64 index, paddr_t *out)
{
	switch (page_find(memory, index, out)) {
	case STATE_OWN:
	case STATE_PARENT: return OK;
	case STATE_ZERO: *out = frame_zero_page(); return OK;
	case STATE_ASK: return ERR_PAGE_NEEDED;
	case STATE_BEYOND: return ERR_RANGE;
	}
	never_reached();
}

// Physical memory may lie beyond RAM, or in holes that the direct map leaves out.
static bool is_reachable(const struct memory *memory, paddr_t frame)
{
	return memory->kind != MEMORY_KIND_PHYSICAL ||
	       (frame_exists(frame) && frame_of(frame)->use == FRAME_BOOT);
}

err_t page_pin(struct memory *memory, u64 index, bool for_write, paddr_t *out)
{
	paddr_t frame;
	TRY((for_write ? page_for_write : page_for_read)(memory, index, &frame));
	if (!is_reachable(memory, frame))
		return ERR_UNSUPPORTED;
	frame_get(frame);
	*out = frame;
	return OK;
}

err_t memory_page(struct memory *memory, u64 index, bool for_write, paddr_t *out)
{
	memory_lock(memory);
	err_t error = page_pin(memory, index, for_write, out);
	memory_unlock(memory);
	return error;
}

bool memory_page_written(struct memory *memory, u64 index, paddr_t frame)
{
	if (memory->kind != MEMORY_KIND_PAGER)
		return true;
	memory_lock(memory);
	const u64 *slot = radix_find(&memory->pages, index);
	bool is_same = slot && slot_frame(*slot).raw == frame.raw;
	if (is_same)
		page_set_dirty(memory, index); // again: it may have been cleaned while we wrote
	memory_unlock(memory);
	return is_same;
}

bool page_add_large(struct memory *memory, u64 index)
{
	u64 first = align_down(index, LARGE_PAGES);
	u64 end = first + LARGE_PAGES;
	paddr_t block;
	if (memory->kind != MEMORY_KIND_ANONYMOUS || memory->parent ||
		end > memory->size >> PAGE_SHIFT || radix_next(&memory->pages, first, end) != RADIX_NONE ||
		frame_alloc(FRAME_ORDER_LARGE, FRAME_MEMORY, &block) != OK)
		return false;
	frame_split(block, FRAME_ORDER_LARGE);
	u64 done = 0;
	for (; done < LARGE_PAGES; done++) {
		paddr_t frame = { block.raw + done * PAGE_SIZE };
		page_zero(frame_address(frame));
		if (page_add(memory, first + done, frame.raw | PAGE_LARGE) != OK)
			break;
	}
	if (done == LARGE_PAGES) {
		memory->has_large = true;
		if (memory->has_foreign)
			memory_unmap_pages(memory, first, LARGE_PAGES);
		return true;
	}
	u64 dropped = 0;
	while (page_drop_run(memory, first, first + done, &dropped))
		;
	for (u64 i = done + 1; i < LARGE_PAGES; i++)
		frame_put((paddr_t){ block.raw + i * PAGE_SIZE });
	return false;
}
