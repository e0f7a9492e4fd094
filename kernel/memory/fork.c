// SPDX-License-Identifier: MIT
// fork.c - a copy of an address space. Private mappings get a copy-on-write clone of what they
// show, shared ones and those nobody may write go on showing the same object, reservations stay.
// One walk over the mappings and the pages present, in parts (decision 024). The source is
// write-protected on the way and held: other threads of it may go on with what is still writable,
// and wait when they come to what is not, so that the child gets nothing later than something that
// it does not get. Stale translations are shot down after each part, before the child can run.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/sched/thread.h"
#include "lib/base/bits.h"

constexpr u64 FILL_PAGES = 64;   // of each mapping that the child finds in its tables
constexpr u64 MAPPING_COST = 24; // as much as so many pages

static bool is_kept(const struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	return !memory || mapping->flags & MAP_FLAGS_SHARED || mapping_is_revoked(mapping) ||
	       memory_is_linear(memory) || !(mapping->allowed & MAP_FLAGS_WRITE);
}

// What the child gets of a mapping, with that memory.
static void copy_insert(const struct mapping *mapping, struct mapping *copy, struct memory *memory)
{
	bool is_clone = memory != mapping->memory;
	copy->memory = memory;
	copy->address = mapping->address;
	copy->size = mapping->size;
	copy->offset = is_clone ? 0 : mapping->offset;
	copy->flags = mapping->flags;
	copy->allowed = mapping->allowed;
	copy->epoch = is_clone ? memory->object.epoch : mapping->epoch;
	mapping_insert(copy, nullptr);
}

// call->done, an address, says from where on, and is moved: the child's mapping is made first, and
// gets its pages in this part and perhaps in more.
static err_t fork_mapping(
	struct mapping *mapping, struct space *child, struct long_call *call, u64 *budget, bool *is_due)
{
	u64 address = mapping->address;
	bool is_begun = call->done > address;
	struct mapping *copy = is_begun ? space_find(child, address) : nullptr;
	struct clone_work work = { .source = mapping->memory, .offset = mapping->offset };
	work.clone = copy ? copy->memory : nullptr;
	work.done = is_begun ? (call->done - address) >> PAGE_SHIFT : 0;
	work.quiet = mapping;
	bool is_clone = copy ? copy->memory != mapping->memory : !is_kept(mapping);
	err_t error = OK;
	if (!copy)
		TRY(mapping_create(child, &copy));
	if (is_clone)
		error = memory_clone_part(&work, mapping->size, child->quota, budget);
	else if (mapping->memory)
		object_get(&mapping->memory->object);
	if (!is_begun && (error == OK || work.clone))
		copy_insert(mapping, copy, is_clone ? work.clone : mapping->memory);
	else if (!is_begun)
		mapping_free(copy);
	*is_due |= work.is_due;
	call->done = address + (work.done << PAGE_SHIFT);
	TRY(error);
	if (is_clone && mapping->flags & (MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC)) {
		memory_lock(NOT_NULL(work.clone)); // the child will look at what the parent worked with
		mapping_fill(copy, 0, copy->size >> PAGE_SHIFT, FILL_PAGES);
		memory_unlock(work.clone);
	}
	call->done = mapping_end(mapping);
	*budget -= min_u64(*budget, MAPPING_COST);
	return OK;
}

static err_t fork_part(
	struct space *from, struct space *child, struct long_call *call, bool *is_due)
{
	u64 budget = 2 * PART_PAGES;
	struct mapping *mapping = space_first_after(from, call->done);
	for (; mapping; mapping = mapping_next(mapping)) {
		if (budget <= MAPPING_COST)
			return SYSCALL_MORE;
		TRY(fork_mapping(mapping, child, call, &budget, is_due));
	}
	return OK;
}

err_t space_fork(struct space *from, struct quota *quota, struct long_call *call,
	struct space *_Nullable *_Nonnull child)
{
	bool is_due = false;
	if (!*child)
		TRY(space_create(quota, child));
	TRY(space_enter(from, call));
	err_t error = fork_part(from, *child, call, &is_due);
	(*child)->low_hint = from->low_hint;
	(*child)->high_hint = from->high_hint;
	if (is_due) {
		lock_take(&from->table_lock);
		table_shootdown(from, USER_LOW_START, USER_HIGH_END - USER_LOW_START);
		lock_give(&from->table_lock);
	}
	return space_leave(from, call, error);
}
