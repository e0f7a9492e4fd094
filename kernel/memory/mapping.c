// SPDX-License-Identifier: MIT
// mapping.c - changing what an address space shows: map, unmap, protect, move; in parts, of which
// one stay in the kernel does one (decision 024). All that can fail comes before the first change.
// Page tables are filled by faults only; here they are cleared.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/sched/thread.h"
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

// Who walks the memory's mappings reads them under its lock.
static void mapping_set(struct mapping *mapping, u64 address, u64 size) NO_THREAD_SAFETY_ANALYSIS
{
	struct memory *memory = mapping->memory;
	if (memory) {
		space_count_pages(mapping->space, (i64)(size - mapping->size) >> PAGE_SHIFT);
		lock_take(&memory->lock);
	}
	mapping->address = address;
	mapping->size = size;
	if (memory)
		lock_give(&memory->lock);
}

// Cuts the mapping that covers the address in two, if it does not begin there.
static err_t cut_at(struct space *space, u64 address)
{
	struct mapping *left = space_find(space, address);
	if (!left || left->address == address)
		return OK;
	u64 kept = address - left->address;
	struct mapping *right;
	TRY(mapping_create(space, &right));
	right->memory = left->memory;
	right->address = address;
	right->size = left->size - kept;
	right->offset = left->memory ? left->offset + kept : 0;
	right->flags = left->flags;
	right->allowed = left->allowed;
	right->epoch = left->epoch;
	if (left->memory)
		object_get(&left->memory->object);
	mapping_insert(right, left);
	mapping_set(
		left, left->address, kept); // after that: who walks the memory's mappings must miss no page
	return OK;
}

// Changes nothing that a program sees, so a call may do it and fail then.
static err_t cut_edges(struct space *space, u64 address, u64 end)
{
	TRY(cut_at(space, address));
	return cut_at(space, end);
}

// Where PART_MAPPINGS mappings from an address on end, or those before a gap, or the range.
static u64 part_end(struct space *space, u64 at, u64 end)
{
	struct mapping *mapping = space_first_after(space, at);
	u64 stop = mapping ? mapping->address : end;
	for (u32 i = 0; i < PART_MAPPINGS && mapping && mapping->address < end &&
					mapping->address - stop < LARGE_PAGE_SIZE;
		i++) {
		stop = mapping_end(mapping);
		mapping = mapping_next(mapping);
	}
	return min_u64(stop, end);
}

// Takes a range out of the page tables, or the part up to the address that it answers. Freeing a
// table makes CPUs forget all translations, so small ranges leave theirs for a sweep.
static u64 clear_part(struct space *space, u64 at, u64 end)
{
	u64 reached = space_change_part(space, at, end, table_unmap_part);
	lock_take(&space->table_lock);
	if (reached - at >= LARGE_PAGE_SIZE)
		table_free_range(&space->table, at, reached - at);
	space->unswept += reached - at;
	if (space->unswept >= SWEEP_AFTER && table_sweep(&space->table))
		space->unswept = 0;
	space_table_trim(space);
	lock_give(&space->table_lock);
	return reached;
}

// Removes what ends in [address, end); all of it has left the tables.
static void take_out(struct space *space, u64 address, u64 end)
{
	struct mapping *mapping;
	while ((mapping = space_first_after(space, address)) && mapping_end(mapping) <= end)
		mapping_remove(mapping);
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
	       !object_handles(&memory->object) && !atomic_load_relaxed(&memory->is_table);
}

// Its memory ends with it, if all of it goes.
static bool is_last_piece(const struct mapping *mapping, u64 gone)
{
	const struct memory *memory = mapping->memory;
	return mapping_end(mapping) <= gone && memory->mappings.head.next == memory->mappings.head.prev;
}

// Private pages of a range that has left the tables, or of the part up to the address that it
// answers. gone: the end of the range that is being unmapped, 0 if it is not; what begins in this
// part has not been cut off from anything before it.
static u64 give_back(struct space *space, u64 at, u64 end, u64 gone)
{
	u64 budget = PART_PAGES;
	struct mapping *mapping = space_first_after(space, at);
	for (; mapping && mapping->address < end; mapping = mapping_next(mapping)) {
		if (!is_private(mapping) || is_last_piece(mapping, gone))
			continue;
		struct memory *memory = mapping->memory;
		u64 first = mapping_index(mapping, max_u64(at, mapping->address));
		u64 last = mapping_index(mapping, min_u64(end, mapping_end(mapping)));
		memory_lock(memory);
		u64 stop = first;
		if (memory->is_shown_twice || atomic_load_relaxed(&memory->is_table)) // meanwhile
			stop = last;
		else if (budget)
			stop = memory_drop_some(memory, first, last, false, &budget);
		memory_unlock(memory);
		if (stop < last)
			return mapping_address(mapping, stop);
	}
	return end;
}

err_t space_discard(struct space *space, u64 address, u64 size, struct long_call *call)
{
	u64 end = address + size;
	TRY(check_range(address, size));
	TRY(space_enter(space, call));
	u64 at = address + call->done;
	u64 stop = give_back(space, at, clear_part(space, at, part_end(space, at, end)), 0);
	call->done = stop - address;
	return space_leave(space, call, stop < end ? SYSCALL_MORE : OK);
}

// The space is held from part to part and no page fault fills its tables meanwhile, so what has
// been passed stays empty.
static err_t unmap_part(struct space *space, u64 address, u64 end, struct long_call *call)
{
	u64 at = address + call->done;
	if (!is_used(space, at, end))
		return OK;
	if (!call->done)
		TRY(cut_edges(space, address, end));
	at = max_u64(at, NOT_NULL(space_first_after(space, at))->address); // nothing is in between
	u64 stop = clear_part(space, at, part_end(space, at, end));
	stop = give_back(space, at, stop, end);
	take_out(space, at, stop);
	call->done = stop - address;
	if (is_used(space, stop, end))
		return SYSCALL_MORE;
	u64 *hint = address >= USER_HIGH_START ? &space->high_hint : &space->low_hint;
	if (end == *hint) // last mapped, first unmapped: the addresses are used again
		*hint = address;
	if (address == USER_LOW_START && end == USER_LOW_END) // another program comes
		space_choose_hints(space);
	return OK;
}

err_t space_unmap(struct space *space, u64 address, u64 size, struct long_call *call)
{
	TRY(check_range(address, size));
	TRY(space_enter(space, call));
	return space_leave(space, call, unmap_part(space, address, address + size, call));
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
	if (address)
		*hint = address + size;
	else if (!is_high)
		address = find_gap(space, LOW_SPARE, limit, size, alignment);
	if (!address)
		address = find_gap(space, start, limit, size, alignment);
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

static err_t check_map(const struct map_request *request)
{
	const struct memory *memory = request->memory;
	u32 access = request->flags & ACCESS_FLAGS;
	if (request->flags & MAP_FLAGS_FIXED)
		TRY(check_range(request->address, request->size));
	if (!is_aligned(request->size | request->offset, PAGE_SIZE))
		return ERR_ALIGNMENT;
	u64 end;
	TRY(checked_add(request->offset, request->size, &end));
	if (!request->size || request->size > USER_LOW_END || end >> PAGE_SHIFT >= RADIX_INDEX_END)
		return ERR_RANGE;
	if (memory && memory_is_linear(memory) && end > atomic_load_relaxed(&memory->size))
		return ERR_RANGE;
	return access & ~(memory ? request->allowed : 0) ? ERR_RIGHTS : OK;
}

// Not yet in the tree: its address is missing.
static err_t map_create(
	struct space *space, const struct map_request *request, struct mapping **out)
{
	struct mapping *mapping;
	struct memory *memory = request->memory;
	TRY(mapping_create(space, &mapping));
	mapping->size = request->size;
	mapping->flags = request->flags & (ACCESS_FLAGS | MAP_FLAGS_SHARED);
	if (memory) {
		object_get(&memory->object);
		mapping->memory = memory;
		mapping->offset = request->offset;
		mapping->allowed = request->allowed & ACCESS_FLAGS;
		mapping->epoch = request->epoch;
	}
	*out = mapping;
	return OK;
}

static err_t map_part(
	struct space *space, const struct map_request *request, struct long_call *call, u64 *mapped)
{
	u64 address = request->address;
	struct mapping *mapping;
	TRY(space->is_dead ? ERR_STATE : OK);
	TRY(place(space, request->size, request->flags, &address));
	TRY(map_create(space, request, &mapping)); // before anything goes
	err_t error = unmap_part(space, address, address + request->size, call);
	if (error != OK) {
		if (mapping->memory)
			object_put(&mapping->memory->object);
		mapping_free(mapping);
		return error;
	}
	mapping->address = address;
	mapping_insert(mapping, nullptr);
	*mapped = address;
	return OK;
}

err_t space_map(
	struct space *space, const struct map_request *request, struct long_call *call, u64 *mapped)
{
	TRY(check_map(request));
	TRY(space_enter(space, call));
	return space_leave(space, call, map_part(space, request, call, mapped));
}

static err_t check_mapped(struct space *space, u64 address, u64 end, u32 access)
{
	while (address < end) {
		const struct mapping *mapping = space_find(space, address);
		if (!mapping || access & ~mapping->allowed)
			return mapping ? ERR_RIGHTS : ERR_NOT_FOUND;
		address = mapping_end(mapping);
	}
	return OK;
}

// Joins a mapping with the one before it if both show one piece of memory in the same way.
static void join_left(struct mapping *right)
{
	struct tree_node *node = tree_prev(&right->node);
	struct mapping *left = node ? container_of(node, struct mapping, node) : nullptr;
	if (!left || left->memory != right->memory || mapping_end(left) != right->address ||
		left->flags != right->flags || left->allowed != right->allowed ||
		left->epoch != right->epoch || mapping_is_revoked(left) ||
		(left->memory && left->offset + left->size != right->offset))
		return;
	mapping_set(left, left->address, left->size + right->size); // before: as in cut_at
	mapping_remove(right);
}

// From the right, as each join removes the right one of a pair.
static void join_all(struct space *space, u64 address, u64 end)
{
	struct mapping *mapping = space_first_after(space, end);
	struct tree_node *node = mapping ? &mapping->node : tree_last(&space->tree);
	while (node) {
		mapping = container_of(node, struct mapping, node);
		if (mapping_end(mapping) <= address)
			break;
		node = tree_prev(node);
		join_left(mapping);
	}
}

// A mapping gets its new flags when all of it has left the tables; until then nobody looks.
static err_t protect_part(
	struct space *space, u64 address, u64 end, u32 access, struct long_call *call)
{
	u64 at = address + call->done, stop = part_end(space, at, end);
	TRY(check_mapped(space, at, stop, access));
	if (!call->done)
		TRY(cut_edges(space, address, end));
	u32 lost = 0;
	struct mapping *first = space_find(space, at), *mapping;
	for (mapping = first; mapping && mapping->address < stop; mapping = mapping_next(mapping))
		lost |= mapping->flags & ~access & ACCESS_FLAGS;
	if (lost) // more access comes by faults
		stop = space_change_part(
			space, at, stop, lost & ~(u32)MAP_FLAGS_WRITE ? table_unmap_part : table_protect_part);
	for (mapping = first; mapping && mapping_end(mapping) <= stop; mapping = mapping_next(mapping))
		mapping->flags = (mapping->flags & ~ACCESS_FLAGS) | access;
	join_all(space, at, stop);
	call->done = stop - address;
	return stop < end ? SYSCALL_MORE : OK;
}

// If a later part may not have the access, the earlier ones have it already, as on Linux.
err_t space_protect(struct space *space, u64 address, u64 size, u32 flags, struct long_call *call)
{
	TRY(check_range(address, size));
	if (flags & ~ACCESS_FLAGS)
		return ERR_INVALID;
	TRY(space_enter(space, call));
	return space_leave(space, call, protect_part(space, address, address + size, flags, call));
}

static void relocate(struct mapping *mapping, u64 address)
{
	struct space *space = mapping->space;
	tree_remove(&space->tree, &mapping->node);
	space->recent = nullptr;
	mapping_set(mapping, address, mapping->size);
	mapping_place(mapping);
}

// Out of the tables part by part, then all mappings at once.
static err_t move_part(struct space *space, u64 from, u64 end, u64 to, struct long_call *call)
{
	if (!call->done) {
		TRY(space->is_dead ? ERR_STATE : OK);
		TRY(is_used(space, to, to + (end - from)) ? ERR_EXISTS : OK);
		u64 stop = part_end(space, from, end);
		TRY(check_mapped(space, from, stop, 0));
		TRY(stop == end ? OK : space_find(space, stop) ? ERR_RANGE : ERR_NOT_FOUND);
		TRY(cut_edges(space, from, end));
	}
	u64 stop = clear_part(space, from + call->done, end);
	call->done = stop - from;
	if (stop < end)
		return SYSCALL_MORE;
	struct mapping *mapping;
	while ((mapping = space_first_after(space, from)) && mapping->address < end)
		relocate(mapping, mapping->address - from + to);
	return OK;
}

err_t space_move(struct space *space, u64 from, u64 size, u64 to, struct long_call *call)
{
	TRY(check_range(from, size));
	TRY(check_range(to, size));
	if (from < to + size && to < from + size)
		return ERR_EXISTS;
	TRY(space_enter(space, call));
	return space_leave(space, call, move_part(space, from, from + size, to, call));
}
