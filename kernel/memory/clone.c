// SPDX-License-Identifier: MIT
// clone.c - copy-on-write copies. Of anonymous memory: every page present is shared and nobody may
// write it in place any more; in parts (decision 024). Of pager memory: the clone is empty and
// reads through to its parent, so a private mapping of a file costs nothing; a clone of such a
// clone has the same parent.
#include "kernel/memory/memory_parts.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/memory.h"

// The kernel or a device writes into it through a reference that page tables know nothing of.
static bool is_pinned(const struct frame *frame)
{
	u64 counts = atomic_load_acquire(&frame->counts);
	return (u32)counts > counts >> 32;
}

static err_t copy_of(paddr_t from, u64 *slot)
{
	paddr_t copy;
	TRY(frame_alloc(0, FRAME_MEMORY, &copy));
	page_copy(frame_address(copy), frame_address(from));
	*slot = copy.raw;
	return OK;
}

// The clone's slots for a run of the source's. On an error the rest of them is left out.
err_t page_share_run(struct memory *source, struct radix_run *run, u64 (*slots)[RADIX_RUN])
{
	err_t error = OK;
	RADIX_RUN_EACH(i, run)
	{
		u64 slot = AT(*run->slot, i);
		if (slot & PAGE_LARGE)
			page_break_large(source, run->first + i);
		paddr_t paddr = slot_frame(slot);
		struct frame *frame = frame_of(paddr);
		AT(*slots, i) = paddr.raw;
		if (error == OK && is_pinned(frame)) {
			error = copy_of(paddr, &AT(*slots, i));
		} else if (error == OK) {
			atomic_add_relaxed(&frame->counts, FRAME_SHARER);
		}
		if (error != OK)
			run->present &= ~(1ull << i);
	}
	run->slot = slots;
	return error;
}

// The next pages of the clone, whose first is the source's page first; *i: from where, then up to
// where. What was shared is written in place again only after a fault, also after an error.
static err_t share_pages(struct clone_work *work, u64 first, u64 *i, u64 *budget)
{
	UNINITIALIZED u64 slots[RADIX_RUN];
	struct memory *source = work->source, *clone = work->clone;
	u64 end = first + (clone->size >> PAGE_SHIFT), limit = end, begin = RADIX_NONE, last = 0;
	err_t error = OK;
	struct radix_run run;
	while (error == OK && *budget && radix_next_run(&source->pages, *i, limit, &run)) {
		if (begin == RADIX_NONE) {
			begin = run.first + bits_lowest(run.present);
			limit = min_u64(end, begin + PART_WINDOW);
		}
		*i = min_u64(limit, run.first + RADIX_RUN);
		last = run.first + bits_highest(run.present) + 1;
		*budget -= min_u64(*budget, RUN_COST + bits_count(run.present));
		err_t shared = page_share_run(source, &run, &slots);
		run.first -= first; // may wrap: its first slots are absent then
		error = page_add_run(clone, &run);
		if (error == OK)
			error = shared;
	}
	if (error == OK && *budget)
		*i = limit;
	if (begin != RADIX_NONE)
		work->is_due |= memory_write_protect(source, begin, last - begin, work->quiet);
	return error == OK && *i < end ? SYSCALL_MORE : error;
}

// The parent is locked, if it is not the one locked as source's own parent. Readers of the clone
// come after it is published, so it needs no lock here.
static void set_parent(struct memory *clone, struct memory *parent, u64 offset, u64 pages)
{
	object_get(&parent->object);
	lock_init(&clone->lock, RANK_MEMORY_CLONE);
	clone->parent = parent;
	clone->parent_offset = offset;
	clone->parent_pages = pages;
	list_push_back(&parent->clones, &clone->clone_node);
}

static void begin_locked(struct clone_work *work)
{
	struct memory *source = work->source, *clone = NOT_NULL(work->clone);
	u64 offset = work->offset, first = offset >> PAGE_SHIFT;
	clone->flags = source->flags;
	if (source->kind == MEMORY_KIND_PAGER) { // its file may grow into its clone
		set_parent(clone, source, offset, clone->size >> PAGE_SHIFT);
		return;
	}
	if (offset + clone->size > source->length) { // anonymous memory ends where it ends
		clone->length = source->length > offset ? source->length - offset : 0;
		clone->size = align_up(clone->length, PAGE_SIZE);
	}
	if (source->parent)
		set_parent(clone, source->parent, source->parent_offset + offset,
			min_u64(clone->size >> PAGE_SHIFT,
				source->parent_pages - min_u64(first, source->parent_pages)));
}

static err_t begin(struct clone_work *work, u64 size, struct quota *quota)
{
	if (memory_is_linear(work->source))
		return ERR_UNSUPPORTED;
	if (!is_aligned(work->offset | size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	u64 end;
	TRY(checked_add(work->offset, size, &end));
	return memory_create_anonymous(quota, size, &work->clone);
}

// Each page is as it was at some moment of the call: who wants all of one moment stops the writers,
// as fork does.
err_t memory_clone_part(struct clone_work *work, u64 size, struct quota *quota, u64 *budget)
{
	struct memory *source = work->source;
	u64 first = work->offset >> PAGE_SHIFT, i = first + work->done;
	bool is_first = !work->clone;
	if (is_first)
		TRY(begin(work, size, quota));
	memory_lock(source);
	if (is_first)
		begin_locked(work);
	err_t error = source->kind == MEMORY_KIND_PAGER ? OK : share_pages(work, first, &i, budget);
	memory_unlock(source);
	work->done = i - first;
	return error;
}
