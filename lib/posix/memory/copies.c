// SPDX-License-Identifier: MIT
// copies.c - which private copies of files lie where, so that MADV_DONTNEED can take the file's
// bytes again. By address: a fork gives each copy another number. Whoever maps or unmaps tells.
#include "abi/rights.h"
#include "lib/base/bits.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "os/syscalls.h"

struct area_copy *_Nullable copies_new(handle_t memory)
{
	struct area_copy *copy = heap_take(sizeof *copy);
	if (copy && handle_duplicate(memory, RIGHT_READ | RIGHT_DUP, &copy->memory) != OK) {
		heap_give(copy, sizeof *copy);
		return nullptr;
	}
	return copy;
}

void copies_give(struct area_copy *copy)
{
	(void)handle_close(copy->memory);
	heap_give(copy, sizeof *copy);
}

void copies_add(struct area_state *areas, struct area_copy *copy)
{
	copy->next = areas->copies;
	areas->copies = copy;
}

static err_t cut_at(struct area_state *areas, u64 address) REQUIRES(areas -> lock)
{
	for (struct area_copy *copy = areas->copies; copy; copy = copy->next) {
		if (copy->start >= address || copy->end <= address)
			continue;
		struct area_copy *tail = copies_new(copy->memory);
		if (!tail)
			return ERR_NO_MEMORY;
		tail->start = address;
		tail->end = copy->end;
		tail->offset = copy->offset + address - copy->start;
		copy->end = address;
		copies_add(areas, tail);
		return OK; // they do not overlap
	}
	return OK;
}

err_t copies_cut(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->copies)
		return OK;
	posix_lock_take(&areas->lock);
	err_t err = cut_at(areas, address);
	if (err == OK)
		err = cut_at(areas, address + size);
	posix_lock_give(&areas->lock);
	return err;
}

void copies_forget(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->copies)
		return;
	struct area_copy *_Nullable copy;
	posix_lock_take(&areas->lock);
	for (struct area_copy *_Nullable *link = &areas->copies; (copy = *link);) {
		if (copy->start < address || copy->end > address + size) {
			link = &copy->next;
			continue;
		}
		*link = copy->next;
		copies_give(copy);
	}
	posix_lock_give(&areas->lock);
}

void copies_move(u64 from, u64 size, u64 to)
{
	struct area_state *areas = &posix_self()->areas;
	posix_lock_take(&areas->lock);
	for (struct area_copy *copy = areas->copies; copy; copy = copy->next) {
		if (copy->start < from || copy->end > from + size)
			continue;
		copy->start += to - from;
		copy->end += to - from;
	}
	posix_lock_give(&areas->lock);
}

// Where a copy ends there, or null.
static struct area_copy *_Nullable copy_ending(const struct area_state *areas, u64 end)
	REQUIRES(areas->lock)
{
	for (struct area_copy *copy = areas->copies; copy; copy = copy->next)
		if (copy->end == end)
			return copy;
	return nullptr;
}

err_t copies_extend(u64 address, u64 size, u32 flags)
{
	struct area_state *areas = &posix_self()->areas;
	const struct map_request request = { .address = address, .size = size };
	u64 mapped;
	posix_lock_take(&areas->lock);
	struct area_copy *former = copy_ending(areas, address);
	struct area_copy *copy = former ? copies_new(former->memory) : nullptr;
	err_t err = !former ? ERR_NOT_FOUND : !copy ? ERR_NO_MEMORY : OK;
	if (err == OK) {
		copy->start = address;
		copy->end = address + size;
		copy->offset = former->offset + former->end - former->start;
		err = map_copy(&request, copy->memory, copy->offset, flags, &mapped);
	}
	if (err == OK)
		copies_add(areas, copy);
	else if (copy)
		copies_give(copy);
	posix_lock_give(&areas->lock);
	return err;
}

// The first copy that has some of a range; null: none.
static const struct area_copy *_Nullable copy_first(
	const struct area_state *areas, u64 address, u64 end) REQUIRES(areas->lock)
{
	const struct area_copy *first = nullptr;
	for (const struct area_copy *copy = areas->copies; copy; copy = copy->next)
		if (copy->start < end && copy->end > address && (!first || copy->start < first->start))
			first = copy;
	return first;
}

err_t copies_between(u64 address, u64 size, copies_gap *gap)
{
	struct area_state *areas = &posix_self()->areas;
	u64 end = address + size;
	err_t err = OK;
	posix_lock_take(&areas->lock);
	while (address < end) {
		const struct area_copy *copy = copy_first(areas, address, end);
		u64 stop = copy ? max_u64(copy->start, address) : end;
		err_t one = stop > address ? gap(address, stop - address) : OK;
		err = err == OK ? one : err;
		address = copy ? copy->end : end;
	}
	posix_lock_give(&areas->lock);
	return err;
}

// A part of one mapping that lies in one copy: shows the file as it is now.
static err_t renew_part(
	const struct mapping_info *mapping, const struct area_copy *copy, u64 address, u64 end)
{
	constexpr u32 ACCESS = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC;
	u64 start = max_u64(max_u64(address, copy->start), mapping->address), mapped;
	u64 stop = min_u64(min_u64(end, copy->end), mapping->address + mapping->size);
	if (start >= stop || mapping->flags & MAP_FLAGS_SHARED)
		return OK;
	struct map_request request = { .address = start, .size = stop - start };
	u32 flags = (mapping->flags & ACCESS) | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE;
	return map_copy(&request, copy->memory, copy->offset + start - copy->start, flags, &mapped);
}

static err_t renew_copy(const struct area_copy *copy, u64 address, u64 end)
{
	struct mappings mappings;
	err_t err = OK;
	if (!mappings_read(&mappings))
		return ERR_NO_MEMORY;
	for (usize i = 0; i < mappings.count && err == OK; i++)
		err = renew_part(mappings_at(&mappings, i), copy, address, end);
	mappings_free(&mappings);
	return err;
}

err_t copies_renew(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	err_t err = OK;
	if (!areas->copies)
		return OK;
	posix_lock_take(&areas->lock);
	for (const struct area_copy *copy = areas->copies; copy && err == OK; copy = copy->next)
		if (copy->start < address + size && copy->end > address)
			err = renew_copy(copy, address, address + size);
	posix_lock_give(&areas->lock);
	return err;
}

void copies_close(struct area_state *areas)
{
	while (areas->copies) {
		struct area_copy *copy = areas->copies;
		areas->copies = copy->next;
		copies_give(copy);
	}
}
