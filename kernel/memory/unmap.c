// SPDX-License-Identifier: MIT
// unmap.c - taking pages of a memory object out of every page table that shows them, its own
// mappings' and those of clones that read through to it. The memory is locked; page tables are
// reached by memory->mappings, so a mapping leaves that list only after its tables are clear.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/bits.h"

// Of a large page it is the whole that goes (arch.h); what was not meant comes back by faults.
void space_clear(struct space *space, u64 address, u64 size)
{
	lock_take(&space->table_lock);
	if (table_unmap(&space->table, address, size))
		table_shootdown(space, address, size);
	lock_give(&space->table_lock);
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
		if (mapping_window(mapping, first, count, &address, &size))
			space_clear(mapping->space, address, size);
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

void memory_write_protect(
	struct memory *memory, u64 first, u64 count, struct space *_Nullable quiet, bool *is_due)
{
	u64 address, size;
	LIST_EACH(node, &memory->mappings) {
		struct mapping *mapping = container_of(node, struct mapping, by_memory);
		struct space *space = mapping->space;
		if (!mapping_window(mapping, first, count, &address, &size))
			continue;
		lock_take(&space->table_lock);
		bool has_changed = table_write_protect(&space->table, address, size) != 0;
		if (has_changed && space != quiet)
			table_shootdown(space, address, size);
		lock_give(&space->table_lock);
		*is_due |= has_changed && space == quiet;
	}
}

void memory_unmap_all(struct memory *memory)
{
	lock_take(&memory->lock);
	unmap_own(memory, 0, UINT64_MAX >> PAGE_SHIFT);
	lock_give(&memory->lock);
}
