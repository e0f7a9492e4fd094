// SPDX-License-Identifier: MIT
// clone.c - copy-on-write copies. Of anonymous memory: every page present is shared and nobody may
// write it in place any more. Of pager memory: the clone is empty and reads through to its parent,
// so a private mapping of a file costs nothing; a clone of such a clone has the same parent.
#include "kernel/memory/memory_parts.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/memory.h"

// The kernel or a device writes into it through a reference that page tables know nothing of.
static bool is_pinned(const struct frame *frame)
{
	return atomic_load_acquire(&frame->references) > atomic_load_acquire(&frame->sharers);
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
			atomic_add_relaxed(&frame->references, 1u);
			atomic_add_relaxed(&frame->sharers, 1u);
		}
		if (error != OK)
			run->present &= ~(1ull << i);
	}
	run->slot = slots;
	return error;
}

// The first page of the clone is the source's page first. Takes time for each page present; behind
// *end, which comes to be the last of them, there is none.
static err_t share_pages(struct memory *source, u64 first, u64 *end, struct memory *clone)
{
	UNINITIALIZED u64 slots[RADIX_RUN];
	struct radix_run run;
	u64 i = first, limit = *end;
	for (*end = first; radix_next_run(&source->pages, i, limit, &run);) {
		*end = i = run.first + RADIX_RUN;
		err_t shared = page_share_run(source, &run, &slots);
		run.first -= first; // may wrap: its first slots are absent then
		TRY(page_add_run(clone, &run));
		TRY(shared);
	}
	return OK;
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

static err_t clone_locked(struct memory *source, u64 offset, struct memory *clone,
	struct space *_Nullable quiet, bool *is_due)
{
	if (source->kind == MEMORY_KIND_PAGER) {
		set_parent(clone, source, offset, clone->size >> PAGE_SHIFT);
		return OK;
	}
	u64 first = offset >> PAGE_SHIFT;
	u64 count = clone->size >> PAGE_SHIFT, end = first + count;
	if (source->parent)
		set_parent(clone, source->parent, source->parent_offset + offset,
			min_u64(count, source->parent_pages - min_u64(first, source->parent_pages)));
	err_t error = share_pages(source, first, &end, clone);
	// Also after an error: what was shared until then is written in place again only after a fault.
	memory_write_protect(source, first, end - first, quiet, is_due);
	return error;
}

err_t memory_clone_quiet(struct memory *source, u64 offset, u64 size, struct quota *quota,
	struct space *_Nullable quiet, bool *is_due, struct memory *_Nullable *_Nonnull out)
{
	if (memory_is_linear(source))
		return ERR_UNSUPPORTED;
	if (!is_aligned(offset | size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	u64 end;
	TRY(checked_add(offset, size, &end));
	struct memory *clone;
	TRY(memory_create_anonymous(quota, size, &clone));
	memory_lock(source);
	clone->flags = source->flags;
	// A pager's file may grow into its clone; anonymous memory ends where it ends.
	if (source->kind != MEMORY_KIND_PAGER && end > source->length) {
		clone->length = source->length > offset ? source->length - offset : 0;
		clone->size = align_up(clone->length, PAGE_SIZE);
	}
	err_t error = clone_locked(source, offset, clone, quiet, is_due);
	memory_unlock(source);
	if (error != OK) {
		object_put(&clone->object);
		return error;
	}
	*out = clone;
	return OK;
}

err_t memory_clone(struct memory *source, u64 offset, u64 size, struct quota *quota,
	struct memory *_Nullable *_Nonnull out)
{
	bool is_due = false;
	return memory_clone_quiet(source, offset, size, quota, nullptr, &is_due, out);
}
