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

static struct area_copy *_Nullable first_in(struct area_state *areas, u64 address, u64 end)
{
	for (struct area_copy *copy = areas->copies; copy; copy = copy->next)
		if (copy->start < end && copy->end > address)
			return copy;
	return nullptr;
}

static void copy_remove(struct area_state *areas, struct area_copy *copy)
{
	struct area_copy *_Nullable *link = &areas->copies;
	while (*link && *link != copy)
		link = &(*link)->next;
	*link = copy->next;
	(void)handle_close(copy->memory);
	heap_give(copy, sizeof *copy);
}

// What cannot be remembered reads as zeros later.
static void copy_keep(struct area_state *areas, const struct area_copy *like)
{
	struct area_copy *copy = heap_take(sizeof *copy);
	if (!copy)
		return;
	*copy = *like;
	if (handle_duplicate(like->memory, RIGHT_READ | RIGHT_DUP, &copy->memory) != OK) {
		heap_give(copy, sizeof *copy);
		return;
	}
	copy->next = areas->copies;
	areas->copies = copy;
}

// What is left of it on both sides of the range.
static void copy_cut(struct area_state *areas, struct area_copy *copy, u64 address, u64 end)
{
	struct area_copy before = *copy, after = *copy;
	before.end = address;
	after.offset += end - after.start;
	after.start = end;
	if (copy->start < address)
		copy_keep(areas, &before);
	if (copy->end > end)
		copy_keep(areas, &after);
	copy_remove(areas, copy);
}

void copies_forget(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	struct area_copy *copy;
	if (!areas->copies)
		return;
	posix_lock_take(&areas->lock);
	while ((copy = first_in(areas, address, address + size)))
		copy_cut(areas, copy, address, address + size);
	posix_lock_give(&areas->lock);
}

void copies_add(struct area_state *areas, const struct area_copy *copy)
{
	copy_keep(areas, copy);
}

void copies_move(u64 from, u64 size, u64 to)
{
	struct area_state *areas = &posix_self()->areas;
	posix_lock_take(&areas->lock);
	for (struct area_copy *copy = areas->copies, *next; copy; copy = next) {
		next = copy->next;
		if (copy->start >= from + size || copy->end <= from)
			continue;
		struct area_copy moved = *copy;
		moved.start = max_u64(copy->start, from);
		moved.end = min_u64(copy->end, from + size);
		moved.offset += moved.start - copy->start;
		moved.start += to - from;
		moved.end += to - from;
		copy_keep(areas, &moved);
		copy_cut(areas, copy, from, from + size);
	}
	posix_lock_give(&areas->lock);
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
	while (areas->copies)
		copy_remove(areas, areas->copies);
}
