// SPDX-License-Identifier: MIT
// mapping.c - changing what an address space shows: map, unmap, protect. All that can fail (checks,
// the structs that cutting mappings in two needs) comes before the first change. Page tables are
// filled by faults only; here they are cleared.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"

constexpr u32 ACCESS_FLAGS = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC;
constexpr u64 SWEEP_AFTER = 32 * 1024 * 1024;

err_t user_span_check(u64 address, u64 size)
{
	u64 end;
	if (ckd_add(&end, address, size))
		return ERR_FAULT;
	if (address >= USER_LOW_START && end <= USER_LOW_END)
		return OK;
	return address >= USER_HIGH_START && end <= USER_HIGH_END ? OK : ERR_FAULT;
}

static err_t check_range(u64 address, u64 size)
{
	if (!is_aligned(address | size, PAGE_SIZE))
		return ERR_ALIGNMENT;
	return size && user_span_check(address, size) == OK ? OK : ERR_RANGE;
}

// Structs for the new pieces of mappings that are cut, made before anything changes.
struct spares {
	struct mapping *_Nullable piece[2];
};

static void spares_free(struct spares *spares)
{
	for (u32 i = 0; i < COUNT(spares->piece); i++)
		if (AT(spares->piece, i))
			mapping_free(AT(spares->piece, i));
}

static err_t spares_make(struct space *space, struct spares *spares, u32 count)
{
	err_t error = OK;
	*spares = (struct spares){};
	for (u32 i = 0; error == OK && i < count; i++)
		error = mapping_create(space, &AT(spares->piece, i));
	if (error != OK)
		spares_free(spares);
	return error;
}

static struct mapping *spares_take(struct spares *spares)
{
	struct mapping **piece = &AT(spares->piece, spares->piece[0] ? 0 : 1);
	struct mapping *taken = *piece;
	assert(taken);
	*piece = nullptr;
	return taken;
}

static void mapping_set_size(struct mapping *mapping, u64 size)
{
	struct memory *memory = mapping->memory;
	if (!memory) {
		mapping->size = size;
		return;
	}
	space_count_pages(mapping->space, (i64)((size >> PAGE_SHIFT) - (mapping->size >> PAGE_SHIFT)));
	lock_take(&memory->lock);
	mapping->size = size;
	lock_give(&memory->lock);
}

// Cuts the mapping that covers the address in two, if it does not begin there.
static void split_at(struct space *space, u64 address, struct spares *spares)
{
	struct mapping *left = space_find(space, address);
	if (!left || left->address == address)
		return;
	u64 kept = address - left->address;
	struct mapping *right = spares_take(spares);
	right->memory = left->memory;
	right->address = address;
	right->size = left->size - kept;
	right->offset = left->memory ? left->offset + kept : 0;
	right->flags = left->flags;
	right->allowed = left->allowed;
	right->epoch = left->epoch;
	struct memory *memory = left->memory;
	if (memory)
		object_get(&memory->object);
	mapping_insert(right, true);
	mapping_set_size(left, kept); // after that: who walks the memory's mappings must miss no page
}

static u32 cuts_at(struct space *space, u64 address)
{
	const struct mapping *mapping = space_find(space, address);
	return mapping && mapping->address != address;
}

// Freeing a table makes CPUs forget all translations, so small ranges leave theirs for a sweep.
static void clear_range(struct space *space, u64 address, u64 size)
{
	space_clear(space, address, size);
	lock_take(&space->table_lock);
	space->unswept += size;
	if (size >= LARGE_PAGE_SIZE) {
		table_free_range(&space->table, address, size);
		space_table_trim(space);
	} else if (space->unswept >= SWEEP_AFTER) {
		space_table_sweep(space);
	}
	lock_give(&space->table_lock);
}

// Removes all mappings in [address, end), whose edges have been cut.
static void take_out(struct space *space, u64 address, u64 end)
{
	struct mapping *mapping;
	while ((mapping = space_first_after(space, address)) && mapping->address < end)
		mapping_remove(mapping);
	u64 *hint = address >= USER_HIGH_START ? &space->high_hint : &space->low_hint;
	if (end == *hint) // last mapped, first unmapped: the addresses are used again
		*hint = address;
}

static bool is_used(struct space *space, u64 address, u64 end)
{
	const struct mapping *mapping = space_first_after(space, address);
	return mapping && mapping->address < end;
}

// Pages that nobody can come back to: private memory without a handle, of which there are no other
// mappings than the pieces of its first one.
static bool is_private(const struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	return memory && memory->kind == MEMORY_KIND_ANONYMOUS &&
	       !(mapping->flags & MAP_FLAGS_SHARED) && !atomic_load_relaxed(&memory->is_shown_twice) &&
	       !object_handles(&memory->object);
}

// Its memory ends with it, if all of it goes.
static bool is_last_piece(const struct mapping *mapping, u64 address, u64 end)
{
	const struct memory *memory = mapping->memory;
	return mapping->address >= address && mapping_end(mapping) <= end &&
	       memory->mappings.head.next == memory->mappings.head.prev;
}

// OK, or SYSCALL_RESTART when there is more to do. is_end: the range is about to be unmapped.
static err_t give_back(struct space *space, u64 address, u64 end, bool is_end)
{
	struct mapping *mapping = space_first_after(space, address);
	for (; mapping && mapping->address < end; mapping = mapping_next(mapping)) {
		if (!is_private(mapping) || (is_end && is_last_piece(mapping, address, end)))
			continue;
		struct memory *memory = mapping->memory;
		u64 first = mapping_index(mapping, max_u64(address, mapping->address));
		u64 last = mapping_index(mapping, min_u64(end, mapping_end(mapping)));
		memory_lock(memory);
		bool is_done = memory->is_shown_twice || memory_drop_some(memory, first, last);
		memory_unlock(memory);
		if (!is_done)
			return SYSCALL_RESTART;
	}
	return OK;
}

err_t space_discard(struct space *space, u64 address, u64 size)
{
	TRY(check_range(address, size));
	lock_take(&space->lock);
	err_t error = give_back(space, address, address + size, false);
	lock_give(&space->lock);
	return error;
}

err_t space_unmap(struct space *space, u64 address, u64 size)
{
	TRY(check_range(address, size));
	u64 end = address + size;
	struct spares spares;
	lock_take(&space->lock);
	err_t error = spares_make(space, &spares, cuts_at(space, address) + cuts_at(space, end));
	if (error == OK && (error = give_back(space, address, end, true)) != OK)
		spares_free(&spares);
	if (error == OK && is_used(space, address, end)) {
		clear_range(space, address, size); // before anything leaves its memory's list
		split_at(space, address, &spares);
		split_at(space, end, &spares);
		take_out(space, address, end);
	}
	lock_give(&space->lock);
	return error;
}

// The first gap of this size from an address on, below the limit; 0: none.
static u64 find_gap(struct space *space, u64 from, u64 limit, u64 size, u64 alignment)
{
	u64 address = align_up(from, alignment);
	struct mapping *mapping = space_first_after(space, address);
	for (; mapping && mapping->address < limit; mapping = mapping_next(mapping)) {
		if (mapping->address >= address && mapping->address - address >= size)
			break;
		address = max_u64(address, align_up(mapping_end(mapping), alignment));
	}
	return address < limit && limit - address >= size ? address : 0;
}

// From where the last one was put; what does not fit there goes far from programs and their heaps,
// or at last anywhere.
static err_t choose_address(struct space *space, u64 size, bool is_high, u64 *out)
{
	constexpr u64 LOW_SPARE = 0x1000'0000'0000;
	u64 *hint = is_high ? &space->high_hint : &space->low_hint;
	u64 start = is_high ? USER_HIGH_START + PAGE_SIZE : USER_LOW_START;
	u64 limit = is_high ? USER_HIGH_END : USER_LOW_END;
	u64 alignment = size >= LARGE_PAGE_SIZE ? LARGE_PAGE_SIZE : PAGE_SIZE;
	u64 address = find_gap(space, *hint, limit, size, alignment);
	if (address) {
		*hint = address + size;
	} else {
		address = is_high ? 0 : find_gap(space, LOW_SPARE, limit, size, alignment);
		if (!address)
			address = find_gap(space, start, limit, size, alignment);
	}
	*out = address;
	return address ? OK : ERR_NO_MEMORY;
}

static err_t place(struct space *space, u64 size, u32 flags, u64 *address)
{
	u64 end = *address + size;
	if (flags & MAP_FLAGS_FIXED)
		return !(flags & MAP_FLAGS_REPLACE) && is_used(space, *address, end) ? ERR_EXISTS : OK;
	if (*address && check_range(*address, size) == OK && !is_used(space, *address, end))
		return OK;
	return choose_address(space, size, flags & MAP_FLAGS_HIGH, address);
}

static err_t check_map(
	struct memory *_Nullable memory, u64 address, u64 size, u64 offset, u32 flags)
{
	if (flags & MAP_FLAGS_FIXED)
		TRY(check_range(address, size));
	if (!is_aligned(size | offset, PAGE_SIZE))
		return ERR_ALIGNMENT;
	u64 end;
	TRY(checked_add(offset, size, &end));
	if (!size || size > USER_LOW_END || end >> PAGE_SHIFT >= RADIX_INDEX_END)
		return ERR_RANGE;
	if (!memory)
		return flags & ACCESS_FLAGS ? ERR_RIGHTS : OK;
	return memory_is_linear(memory) && end > atomic_load_relaxed(&memory->size) ? ERR_RANGE : OK;
}

// What the new mapping shows; its address is filled in later.
static err_t map_create(struct space *space, const struct mapping *wanted, struct mapping **out)
{
	struct mapping *mapping;
	TRY(mapping_create(space, &mapping));
	*mapping = *wanted;
	mapping->space = space;
	struct memory *memory = wanted->memory;
	if (memory) {
		object_get(&memory->object);
		mapping->epoch = __atomic_load_n(&memory->object.epoch, __ATOMIC_RELAXED);
	}
	*out = mapping;
	return OK;
}

static err_t map_locked(struct space *space, const struct mapping *wanted, u32 flags, u64 *mapped)
{
	u64 address = wanted->address;
	TRY(space->is_dead ? ERR_STATE : OK);
	TRY(place(space, wanted->size, flags, &address));
	u64 end = address + wanted->size;
	bool is_replacing = is_used(space, address, end);
	struct spares spares;
	TRY(spares_make(
		space, &spares, is_replacing ? cuts_at(space, address) + cuts_at(space, end) : 0));
	struct mapping *mapping;
	err_t error = map_create(space, wanted, &mapping);
	if (error != OK) {
		spares_free(&spares);
		return error;
	}
	if (is_replacing) {
		clear_range(space, address, wanted->size);
		split_at(space, address, &spares);
		split_at(space, end, &spares);
		take_out(space, address, end);
	}
	mapping->address = address;
	mapping_insert(mapping, false);
	*mapped = address;
	return OK;
}

err_t space_map(struct space *space, struct memory *_Nullable memory, u64 address, u64 size,
	u64 offset, u32 flags, u32 allowed, u64 *mapped)
{
	TRY(check_map(memory, address, size, offset, flags));
	struct mapping wanted = {
		.memory = memory,
		.address = address,
		.size = size,
		.offset = memory ? offset : 0,
		.flags = flags & (ACCESS_FLAGS | MAP_FLAGS_SHARED),
		.allowed = memory ? allowed & ACCESS_FLAGS : 0,
	};
	if (wanted.flags & ACCESS_FLAGS & ~wanted.allowed)
		return ERR_RIGHTS;
	lock_take(&space->lock);
	err_t error = map_locked(space, &wanted, flags, mapped);
	lock_give(&space->lock);
	if (error == OK && flags & MAP_FLAGS_POPULATE)
		space_populate(space, *mapped, size);
	return error;
}

static err_t check_protect(struct space *space, u64 address, u64 end, u32 access)
{
	struct mapping *mapping = space_find(space, address);
	while (mapping) {
		if (access & ~mapping->allowed)
			return ERR_RIGHTS;
		u64 next = mapping_end(mapping);
		if (next >= end)
			return OK;
		mapping = mapping_next(mapping);
		if (mapping && mapping->address != next)
			break;
	}
	return ERR_NOT_FOUND;
}

// Only less access needs the tables changed; more comes by faults.
static void restrict_tables(struct space *space, u64 address, u64 size, u32 lost)
{
	if (lost & (MAP_FLAGS_READ | MAP_FLAGS_EXEC)) {
		space_clear(space, address, size);
		return;
	}
	lock_take(&space->table_lock);
	if (table_write_protect(&space->table, address, size))
		table_shootdown(space, address, size);
	lock_give(&space->table_lock);
}

// Joins a mapping with the one before it if both show one piece of memory in the same way.
static void join_left(struct mapping *right)
{
	struct tree_node *node = tree_prev(&right->node);
	struct mapping *left = node ? container_of(node, struct mapping, node) : nullptr;
	if (!left || left->memory != right->memory || mapping_end(left) != right->address ||
		left->flags != right->flags || left->allowed != right->allowed ||
		left->epoch != right->epoch || (left->memory && left->offset + left->size != right->offset))
		return;
	mapping_set_size(left, left->size + right->size); // before: as in split_at
	mapping_remove(right);
}

static void protect_locked(struct space *space, u64 address, u64 end, u32 access)
{
	u32 lost = 0;
	struct mapping *mapping = space_find(space, address);
	while (mapping && mapping->address < end) {
		lost |= mapping->flags & ~access & ACCESS_FLAGS;
		mapping->flags = (mapping->flags & ~ACCESS_FLAGS) | access;
		mapping = mapping_next(mapping);
	}
	if (lost)
		restrict_tables(space, address, end - address, lost);
	// From the right, as each join removes the right one of a pair.
	mapping = space_first_after(space, end);
	struct tree_node *node = mapping ? &mapping->node : tree_last(&space->tree);
	while (node) {
		mapping = container_of(node, struct mapping, node);
		if (mapping_end(mapping) <= address)
			break;
		node = tree_prev(node);
		join_left(mapping);
	}
}

err_t space_protect(struct space *space, u64 address, u64 size, u32 flags)
{
	TRY(check_range(address, size));
	if (flags & ~ACCESS_FLAGS)
		return ERR_INVALID;
	u64 end = address + size;
	struct spares spares;
	lock_take(&space->lock);
	err_t error = check_protect(space, address, end, flags);
	if (error == OK)
		error = spares_make(space, &spares, cuts_at(space, address) + cuts_at(space, end));
	if (error == OK) {
		split_at(space, address, &spares);
		split_at(space, end, &spares);
		protect_locked(space, address, end, flags);
	}
	lock_give(&space->lock);
	return error;
}

static void mapping_set_address(struct mapping *mapping, u64 address)
{
	struct memory *memory = mapping->memory;
	if (!memory) {
		mapping->address = address;
		return;
	}
	lock_take(&memory->lock); // who walks the memory's mappings reads it
	mapping->address = address;
	lock_give(&memory->lock);
}

static void relocate(struct mapping *mapping, u64 address)
{
	struct space *space = mapping->space;
	tree_remove(&space->tree, &mapping->node);
	space->recent = nullptr;
	mapping_set_address(mapping, address);
	mapping_place(mapping);
}

static err_t move_locked(struct space *space, u64 from, u64 size, u64 to)
{
	u64 end = from + size;
	struct spares spares;
	TRY(is_used(space, to, to + size) ? ERR_EXISTS : check_protect(space, from, end, 0));
	TRY(spares_make(space, &spares, cuts_at(space, from) + cuts_at(space, end)));
	clear_range(space, from, size);
	split_at(space, from, &spares);
	split_at(space, end, &spares);
	struct mapping *mapping;
	while ((mapping = space_first_after(space, from)) && mapping->address < end)
		relocate(mapping, mapping->address - from + to);
	return OK;
}

err_t space_move(struct space *space, u64 from, u64 size, u64 to)
{
	TRY(check_range(from, size));
	TRY(check_range(to, size));
	if (from < to + size && to < from + size)
		return ERR_EXISTS;
	lock_take(&space->lock);
	err_t error = space->is_dead ? ERR_STATE : move_locked(space, from, size, to);
	lock_give(&space->lock);
	return error;
}
