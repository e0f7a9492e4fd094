// SPDX-License-Identifier: MIT
// unmap.c - taking pages of a memory object out of every page table that shows them, its own
// mappings' and those of clones that read through to it. The memory is locked; page tables are
// reached by memory->mappings, so a mapping leaves that list only after its tables are clear.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/bits.h"

// Of a large page it is the whole that goes (arch.h); what was not meant comes back by faults.
u64 space_change_part(struct space *space, u64 at, u64 end, table_part *change)
{
	u64 reached = at;
	lock_take(&space->table_lock);
	if (change(&space->table, &reached, end))
		table_shootdown(space, at, reached - at);
	lock_give(&space->table_lock);
	return reached;
}

// The addresses at which a mapping shows pages [first, first + count).
static bool mapping_window(
	const struct mapping *mapping, u64 first, u64 count, u64 *address, u64 *size)
{
	u64 mapped_first = mapping->offset >> PAGE_SHIFT;
	u64 mapped_end = mapped_first + (mapping->size >> PAGE_SHIFT);
	u64 start = max_u64(first, mapped_first);
	u64 end = min_u64(first + count, mapped_end);
	if (start >= end)
		return false;
	*address = mapping->address + ((start - mapped_first) << PAGE_SHIFT);
	*size = (end - start) << PAGE_SHIFT;
	return true;
}

static void unmap_own(struct memory *memory, u64 first, u64 count)
{
	u64 address, size;
	LIST_EACH(node, &memory->mappings) {
		struct mapping *mapping = container_of(node, struct mapping, by_memory);
		if (!mapping_window(mapping, first, count, &address, &size))
			continue;
		for (u64 at = address; at < address + size;)
			at = space_change_part(mapping->space, at, address + size, table_unmap_part);
	}
}

void memory_unmap_pages(struct memory *memory, u64 first, u64 count)
{
	unmap_own(memory, first, count);
	LIST_EACH(node, &memory->clones) {
		struct memory *clone = container_of(node, struct memory, clone_node);
		u64 clone_first = clone->parent_offset >> PAGE_SHIFT;
		u64 start = max_u64(first, clone_first);
		if (start >= first + count)
			continue;
		lock_take(&clone->lock);
		unmap_own(clone, start - clone_first, first + count - start);
		lock_give(&clone->lock);
	}
}

bool memory_write_protect(
	struct memory *memory, u64 first, u64 count, struct mapping *_Nullable quiet)
{
	bool is_due = false;
	u64 address, size;
	bool is_only = quiet && !memory->is_shown_twice; // its other pieces show other pages
	struct list_node *node = is_only ? &quiet->by_memory : memory->mappings.head.next;
	for (; node != &memory->mappings.head; node = is_only ? &memory->mappings.head : node->next) {
		struct mapping *mapping = container_of(node, struct mapping, by_memory);
		struct space *space = mapping->space;
		if (!mapping_window(mapping, first, count, &address, &size))
			continue;
		u64 changed = 0, end = address + size;
		lock_take(&space->table_lock);
		for (u64 at = address; at < end;)
			changed += table_protect_part(&space->table, &at, end);
		bool is_quiet = quiet && space == quiet->space;
		if (changed && !is_quiet)
			table_shootdown(space, address, size);
		lock_give(&space->table_lock);
		is_due |= changed && is_quiet;
	}
	return is_due;
}

// The part of a revoked mapping that one stay in the kernel may clear. True: all of it is.
static bool clear_revoked(struct mapping *mapping)
{
	u64 start = mapping->address + min_u64(mapping->cleared, mapping->size);
	u64 end = mapping_end(mapping);
	u64 reached = space_change_part(mapping->space, start, end, table_unmap_part);
	mapping->cleared = reached - mapping->address;
	return reached == end;
}

// No fault fills the tables through them again, so they leave the list, in which they stand before
// those that were made later.
bool memory_unmap_revoked(struct memory *memory)
{
	bool is_whole = true, is_revoked = true;
	lock_take(&memory->lock);
	for (u32 i = 0; i < PART_MAPPINGS && is_whole && is_revoked; i++) {
		struct list_node *node = list_first(&memory->mappings);
		struct mapping *mapping = node ? container_of(node, struct mapping, by_memory) : nullptr;
		is_revoked = mapping && mapping_is_revoked(mapping);
		is_whole = !is_revoked || clear_revoked(mapping);
		if (is_revoked && is_whole)
			list_remove(node);
	}
	lock_give(&memory->lock);
	return !is_revoked;
}
