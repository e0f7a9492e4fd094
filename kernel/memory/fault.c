// SPDX-License-Identifier: MIT
// fault.c - a page becomes present: address -> mapping -> page of its memory -> page table entry.
// Locks are taken in that order and held to the end, so nothing can leave in between. Entries give
// write access only to pages that are the object's own (and, of pagers, dirty).
#include "abi/thread.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/bits.h"

static u32 cache_access(const struct memory *memory)
{
	if (memory->flags & MEMORY_FLAGS_UNCACHED)
		return PAGE_UNCACHED;
	return memory->flags & MEMORY_FLAGS_WRITE_COMBINING ? PAGE_WRITE_COMBINING : 0;
}

static u32 read_access(const struct mapping *mapping)
{
	u32 access = PAGE_READ | cache_access(mapping->memory);
	return mapping->flags & MAP_FLAGS_EXEC ? access | PAGE_EXEC : access;
}

static u32 page_access(
	const struct mapping *mapping, u64 index, paddr_t frame, enum page_state state)
{
	bool is_writable = mapping->flags & MAP_FLAGS_WRITE && state == STATE_OWN &&
	                   page_is_writable(mapping->memory, index, frame);
	return read_access(mapping) | (is_writable ? PAGE_WRITE : 0);
}

// That it was not revoked is looked at under the memory's lock, which who revokes takes afterwards.
static err_t check_access(const struct mapping *_Nullable mapping, u32 access)
{
	if (!mapping || !mapping->memory)
		return ERR_FAULT;
	u32 flags = mapping->flags & (MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC);
	if (!flags)
		return ERR_FAULT;
	return access & ~(flags | MAP_FLAGS_READ) ? ERR_FAULT : OK; // to write or run is to read
}

// Is the page part of a 2 MiB run that one large entry can show?
static bool is_in_large(const struct mapping *mapping, u64 address, paddr_t frame)
{
	struct memory *memory = mapping->memory;
	u64 index = mapping_index(mapping, address);
	u64 start = align_down(address, LARGE_PAGE_SIZE);
	u64 into = address - start;
	if (start < mapping->address || LARGE_PAGE_SIZE > mapping_end(mapping) - start ||
		frame.raw % LARGE_PAGE_SIZE != into)
		return false;
	if (memory_is_linear(memory))
		return (index - (into >> PAGE_SHIFT)) + LARGE_PAGES <= memory->size >> PAGE_SHIFT;
	const u64 *slot = radix_find(&memory->pages, index);
	return slot && *slot & PAGE_LARGE && index % LARGE_PAGES == into >> PAGE_SHIFT;
}

// Something may be there already: an earlier page, or this one for less, or for as much (another
// thread came first). More access to the same page: other CPUs may fault once more for nothing.
static err_t map_over(struct space *space, u64 address, paddr_t frame, u32 access, bool is_large)
{
	u64 size = is_large ? LARGE_PAGE_SIZE : PAGE_SIZE;
	u64 start = align_down(address, size);
	paddr_t first = { frame.raw - (address - start) }, old;
	u32 old_access;
	lock_take(&space->table_lock);
	err_t error = space_table_map(space, start, first, access, is_large);
	if (error == ERR_EXISTS) {
		bool is_same =
			table_query(&space->table, address, &old, &old_access) && old.raw == frame.raw;
		if (is_same && !(access & ~old_access)) {
			error = OK;
		} else {
			u64 at = start;
			table_unmap_part(&space->table, &at, start + size);
			if (!is_same || is_large)
				table_shootdown(space, start, size);
			error = space_table_map(space, start, first, access, is_large);
		}
	}
	lock_give(&space->table_lock);
	return error;
}

static err_t map_page(struct mapping *mapping, u64 address, paddr_t frame, u32 access)
{
	struct memory *memory = mapping->memory;
	struct space *space = mapping->space;
	bool may_be_large = memory_is_linear(memory) || memory->has_large;
	if (may_be_large && is_in_large(mapping, address, frame) &&
		map_over(space, address, frame, access, true) == OK) {
		memory->has_large = true;
		return OK;
	}
	lock_take(&space->table_lock);
	err_t error = space_table_map(space, address, frame, access, false);
	lock_give(&space->table_lock);
	return error == ERR_EXISTS ? map_over(space, address, frame, access, false) : error;
}

void mapping_fill(struct mapping *mapping, u64 first, u64 end, u64 count)
{
	struct space *space = mapping->space;
	u64 base = mapping->address - mapping->offset;
	struct radix_run run = {};
	lock_take(&space->table_lock);
	for (u64 done = 0; done < count; first = run.first + RADIX_RUN, done += bits_count(run.present))
		if (!radix_next_run(&mapping->memory->pages, first, end, &run) ||
			space_table_map_run(
				space, base + (run.first << PAGE_SHIFT), &run, read_access(mapping)) != OK)
			break;
	lock_give(&space->table_lock);
}

// Present neighbours come along, so that the next pages of a file do not fault: of what nobody may
// write through this mapping, all of a leaf at once. Entries that are there already are the same.
static void map_around(struct mapping *mapping, u64 address)
{
	u64 first = align_down(mapping_index(mapping, address), RADIX_RUN);
	u64 begin = max_u64(first, mapping->offset >> PAGE_SHIFT);
	u64 end = min_u64(first + RADIX_RUN, (mapping->offset + mapping->size) >> PAGE_SHIFT);
	mapping_fill(mapping, begin, end, 1);
}

static err_t fault_write(struct mapping *mapping, u64 address)
{
	struct memory *memory = mapping->memory;
	u64 index = mapping_index(mapping, address);
	paddr_t frame;
	if (memory->flags & MEMORY_FLAGS_LARGE && page_find(memory, index, &frame) == STATE_ZERO)
		page_add_large(memory, index); // if not, a small one comes below
	TRY(page_for_write(memory, index, &frame));
	u32 write =
		mapping->flags & MAP_FLAGS_WRITE ? PAGE_WRITE : 0; // not if it was read that faulted
	return map_page(mapping, address, frame, read_access(mapping) | write);
}

// Who shares the memory must see the first write of another, so a page is made at once; the zero
// page is only for memory with one mapping.
static err_t fault_read_zero(struct mapping *mapping, u64 address)
{
	struct memory *memory = mapping->memory;
	bool is_alone = list_first(&memory->mappings) == list_last(&memory->mappings);
	if (mapping->flags & MAP_FLAGS_SHARED || !is_alone)
		return fault_write(mapping, address);
	memory->has_foreign = true;
	return map_page(mapping, address, frame_zero_page(), read_access(mapping));
}

static err_t fault_read(struct mapping *mapping, u64 address)
{
	struct memory *memory = mapping->memory;
	paddr_t frame;
	enum page_state state = page_find(memory, mapping_index(mapping, address), &frame);
	switch (state) {
	case STATE_ZERO: return fault_read_zero(mapping, address);
	case STATE_ASK: return ERR_PAGE_NEEDED;
	case STATE_BEYOND: return ERR_RANGE;
	case STATE_PARENT: memory->has_foreign = true; break;
	case STATE_OWN: break;
	}
	u32 access = page_access(mapping, mapping_index(mapping, address), frame, state);
	TRY(map_page(mapping, address, frame, access));
	if (!(mapping->flags & MAP_FLAGS_WRITE) && state == STATE_OWN && !memory->has_large)
		map_around(mapping, address);
	return OK;
}

err_t space_fault(struct space *space, u64 address, u32 access,
	struct memory *_Nullable *_Nonnull memory, u64 *index) NO_THREAD_SAFETY_ANALYSIS
{
	address &= ~PAGE_MASK;
	TRY(space_enter(space, nullptr));
	struct mapping *mapping = space_find(space, address);
	err_t error = check_access(mapping, access);
	if (error == OK) {
		struct memory *mapped = mapping->memory;
		memory_lock(mapped);
		if (mapping_is_revoked(mapping))
			error = ERR_FAULT;
		else
			error = (access & MAP_FLAGS_WRITE ? fault_write : fault_read)(mapping, address);
		memory_unlock(mapped);
		if (error == ERR_PAGE_NEEDED) {
			object_get(&mapped->object);
			*memory = mapped;
			*index = mapping_index(mapping, address);
		}
	}
	lock_give(&space->lock);
	return error;
}

err_t space_hold(struct space *space, u64 address, u32 access, struct page_hold *out)
{
	lock_take(&space->lock);
	struct mapping *mapping = space_find(space, address);
	err_t error = check_access(mapping, access);
	if (error == OK) {
		struct memory *memory = mapping->memory;
		out->memory = memory;
		out->index = mapping_index(mapping, address);
		memory_lock(memory);
		error = mapping_is_revoked(mapping)
		            ? ERR_FAULT
		            : page_pin(memory, out->index, access & MAP_FLAGS_WRITE, &out->frame);
		memory_unlock(memory);
		if (error == OK || error == ERR_PAGE_NEEDED)
			object_get(&memory->object); // with ERR_PAGE_NEEDED: to wait for it
	}
	lock_give(&space->lock);
	return error == ERR_UNSUPPORTED ? ERR_FAULT : error;
}

bool space_release_page(struct page_hold *hold, bool was_written)
{
	bool is_kept = !was_written || memory_page_written(hold->memory, hold->index, hold->frame);
	frame_put(hold->frame);
	object_put(&hold->memory->object);
	return is_kept;
}

err_t space_resolve(
	struct space *space, u64 address, struct memory *_Nullable *_Nonnull out, u64 *offset)
{
	lock_take(&space->lock);
	const struct mapping *mapping = space_find(space, address);
	struct memory *memory = mapping ? mapping->memory : nullptr;
	if (memory) {
		object_get(&memory->object);
		*out = memory;
		*offset = address - mapping->address + mapping->offset;
	}
	lock_give(&space->lock);
	return memory ? OK : ERR_FAULT;
}

static void raise_fault(struct space *space, u64 address, u32 access, bool was_present)
{
	lock_take(&space->lock);
	was_present |= space_find(space, address) != nullptr;
	lock_give(&space->lock);
	u64 detail = was_present ? FAULT_PRESENT : 0;
	if (access & MAP_FLAGS_WRITE)
		detail |= FAULT_WRITE;
	if (access & MAP_FLAGS_EXEC)
		detail |= FAULT_EXEC;
	thread_fault(cpu_self()->current, UPCALL_PAGE_FAULT, address, detail);
}

void space_fault_current(u64 address, u32 access, bool was_present)
{
	struct thread *thread = NOT_NULL(cpu_self()->current);
	struct space *space = thread->process->space;
	struct memory *memory = nullptr;
	u64 index;
	err_t error = space_fault(space, address, access, &memory, &index);
	if (error == OK || error == SYSCALL_BLOCKED) {
		thread->retry_since = 0;
		return;
	}
	if (error == ERR_FAULT) {
		raise_fault(space, address, access, was_present);
		return;
	}
	if (memory) { // ERR_PAGE_NEEDED
		error = page_wait(memory, index, 1, access & MAP_FLAGS_WRITE);
		object_put(&memory->object);
		if (error == SYSCALL_BLOCKED)
			return;
	}
	if (grace_retry(error) == SYSCALL_RESTART)
		return; // the instruction is its own restart
	thread_fault(thread, UPCALL_BUS_ERROR, address,
		(u64)-error * FAULT_REASON + (access & MAP_FLAGS_WRITE ? FAULT_WRITE : 0));
}
