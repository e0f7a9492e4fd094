// SPDX-License-Identifier: MIT
// fork.c - a copy of an address space. Private mappings get a copy-on-write clone of what they
// show, shared ones and those nobody may write go on showing the same object, reservations stay.
// One walk over the mappings and the pages present; the source is write-protected on the way and
// its stale translations are shot down once at the end, before the child can run.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/bits.h"

// Pages of each mapping that the child finds in its tables; for the rest it faults.
constexpr u64 FILL_PAGES = 64;

static bool is_kept(const struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	return !memory || mapping->flags & MAP_FLAGS_SHARED || mapping_is_revoked(mapping) ||
	       memory_is_linear(memory) || !(mapping->allowed & MAP_FLAGS_WRITE);
}

static err_t fork_mapping(const struct mapping *mapping, struct space *child, bool *is_due)
{
	struct mapping *copy;
	TRY(mapping_create(child, &copy));
	struct memory *memory = mapping->memory;
	bool is_clone = !is_kept(mapping);
	err_t error = is_clone ? memory_clone_quiet(memory, mapping->offset, mapping->size,
								 child->quota, mapping->space, is_due, &memory)
	                       : OK;
	if (error != OK) {
		mapping_free(copy);
		return error;
	}
	copy->memory = memory;
	copy->address = mapping->address;
	copy->size = mapping->size;
	copy->offset = is_clone ? 0 : mapping->offset;
	copy->flags = mapping->flags;
	copy->allowed = mapping->allowed;
	copy->epoch = is_clone ? memory->object.epoch : mapping->epoch;
	if (memory && !is_clone)
		object_get(&memory->object);
	mapping_insert(copy, false);
	if (is_clone && mapping->flags & (MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC)) {
		memory_lock(memory); // the child will look at what the parent just worked with
		mapping_fill(copy, 0, copy->size >> PAGE_SHIFT, FILL_PAGES);
		memory_unlock(memory);
	}
	return OK;
}

err_t space_fork(struct space *from, struct quota *quota, struct space *_Nullable *_Nonnull out)
{
	struct space *child;
	TRY(space_create(quota, &child));
	bool is_due = false;
	lock_take(&from->lock);
	err_t error = OK;
	for (struct tree_node *node = tree_first(&from->tree); node && error == OK;
		node = tree_next(node))
		error = fork_mapping(container_of(node, struct mapping, node), child, &is_due);
	child->low_hint = from->low_hint;
	child->high_hint = from->high_hint;
	if (is_due) {
		lock_take(&from->table_lock);
		table_shootdown(from, USER_LOW_START, USER_HIGH_END - USER_LOW_START);
		lock_give(&from->table_lock);
	}
	lock_give(&from->lock);
	if (error != OK) {
		space_put(child);
		return error;
	}
	*out = child;
	return OK;
}
