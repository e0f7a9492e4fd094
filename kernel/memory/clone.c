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
static bool is_pinned(paddr_t paddr)
{
	struct frame *frame = frame_of(paddr);
	return atomic_load_acquire(&frame->references) > atomic_load_acquire(&frame->sharers);
}

static err_t give_copy(struct memory *clone, u64 index, paddr_t from)
{
	paddr_t copy;
	TRY(frame_alloc(0, FRAME_MEMORY, &copy));
	page_copy(frame_address(copy), frame_address(from));
	err_t error = page_add(clone, index, copy.raw);
	if (error != OK)
		frame_put(copy);
	return error;
}

static err_t share_page(struct memory *source, u64 index, struct memory *clone, u64 clone_index)
{
	u64 slot = *radix_find(&source->pages, index);
	if (slot & PAGE_LARGE)
		page_break_large(source, index);
	paddr_t frame = slot_frame(slot);
	if (is_pinned(frame))
		return give_copy(clone, clone_index, frame);
	TRY(page_add(clone, clone_index, frame.raw));
	frame_get(frame);
	atomic_add_relaxed(&frame_of(frame)->sharers, 1);
	return OK;
}

// The first page of the clone is the source's page first. Takes time for each page present.
static err_t share_pages(struct memory *source, u64 first, u64 count, struct memory *clone)
{
	u64 end = first + count;
	for (u64 i = first; (i = radix_next(&source->pages, i, end)) != RADIX_NONE; i++)
		TRY(share_page(source, i, clone, i - first));
	return OK;
}

// The parent is locked, if it is not the one locked as source's own parent. Readers of the clone
// come after it is published, so it needs no lock here.
static void set_parent(struct memory *clone, struct memory *parent, u64 offset)
{
	object_get(&parent->object);
	lock_init(&clone->lock, RANK_MEMORY_CLONE);
	clone->parent = parent;
	clone->parent_offset = offset;
	list_push_back(&parent->clones, &clone->clone_node);
}

static err_t clone_locked(struct memory *source, u64 offset, struct memory *clone,
	struct space *_Nullable quiet, bool *is_due)
{
	if (source->kind == MEMORY_KIND_PAGER) {
		set_parent(clone, source, offset);
		return OK;
	}
	if (source->parent)
		set_parent(clone, source->parent, source->parent_offset + offset);
	u64 first = offset >> PAGE_SHIFT;
	u64 count = clone->size >> PAGE_SHIFT;
	err_t error = share_pages(source, first, count, clone);
	// Also after an error: what was shared until then is written in place again only after a fault.
	memory_write_protect(source, first, count, quiet, is_due);
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
