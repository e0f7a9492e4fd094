// SPDX-License-Identifier: MIT
// shown.c - what of files lies where: private copies, so that MADV_DONTNEED can take the file's
// bytes again, and the files themselves, for their names in /proc/PID/maps. By address: a fork
// gives each copy another number. Whoever maps or unmaps tells.
#include "abi/rights.h"
#include "lib/base/bits.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "os/syscalls.h"

struct area_shown *_Nullable shown_new(handle_t memory, const struct area_file *file)
{
	struct area_shown *part = heap_take(sizeof *part);
	if (!part)
		return nullptr;
	if (memory.raw && handle_duplicate(memory, RIGHT_READ | RIGHT_DUP, &part->memory) != OK) {
		heap_give(part, sizeof *part);
		return nullptr;
	}
	part->file = *file;
	return part;
}

void shown_give(struct area_shown *part)
{
	if (part->memory.raw)
		(void)handle_close(part->memory);
	heap_give(part, sizeof *part);
}

void shown_add(struct area_state *areas, struct area_shown *part)
{
	part->next = areas->shown;
	areas->shown = part;
}

static err_t cut_at(struct area_state *areas, u64 address) REQUIRES(areas -> lock)
{
	for (struct area_shown *part = areas->shown; part; part = part->next) {
		if (part->start >= address || part->end <= address)
			continue;
		struct area_shown *tail = shown_new(part->memory, &part->file);
		if (!tail)
			return ERR_NO_MEMORY;
		tail->start = address;
		tail->end = part->end;
		tail->offset = part->offset + address - part->start;
		part->end = address;
		shown_add(areas, tail);
		return OK; // they do not overlap
	}
	return OK;
}

err_t shown_cut(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->shown)
		return OK;
	posix_lock_take(&areas->lock);
	err_t err = cut_at(areas, address);
	if (err == OK)
		err = cut_at(areas, address + size);
	posix_lock_give(&areas->lock);
	return err;
}

void shown_forget(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	locked_forget(address, size);
	grows_forget(address, size);
	if (!areas->shown)
		return;
	struct area_shown *_Nullable part;
	posix_lock_take(&areas->lock);
	for (struct area_shown *_Nullable *link = &areas->shown; (part = *link);) {
		if (part->start < address || part->end > address + size) {
			link = &part->next;
			continue;
		}
		*link = part->next;
		shown_give(part);
	}
	posix_lock_give(&areas->lock);
}

void shown_move(u64 from, u64 size, u64 to)
{
	struct area_state *areas = &posix_self()->areas;
	locked_move(from, size, to);
	grows_forget(from, size); // what was moved grows no more
	posix_lock_take(&areas->lock);
	for (struct area_shown *part = areas->shown; part; part = part->next) {
		if (part->start < from || part->end > from + size)
			continue;
		part->start += to - from;
		part->end += to - from;
	}
	posix_lock_give(&areas->lock);
}

// What ends there, or null.
static struct area_shown *_Nullable part_ending(const struct area_state *areas, u64 end)
	REQUIRES(areas->lock)
{
	for (struct area_shown *part = areas->shown; part; part = part->next)
		if (part->end == end)
			return part;
	return nullptr;
}

err_t shown_extend(u64 address, u64 size, u32 flags)
{
	struct area_state *areas = &posix_self()->areas;
	const struct map_request request = { .address = address, .size = size };
	u64 mapped;
	posix_lock_take(&areas->lock);
	struct area_shown *former = part_ending(areas, address);
	bool is_copy = former && former->memory.raw;
	struct area_shown *part = is_copy ? shown_new(former->memory, &former->file) : nullptr;
	err_t err = !is_copy ? ERR_NOT_FOUND : !part ? ERR_NO_MEMORY : OK;
	if (err == OK) {
		part->start = address;
		part->end = address + size;
		part->offset = former->offset + former->end - former->start;
		err = map_copy(&request, part->memory, part->offset, flags, &mapped);
	}
	if (err == OK)
		shown_add(areas, part);
	else if (part)
		shown_give(part);
	posix_lock_give(&areas->lock);
	return err;
}

void shown_grow(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	posix_lock_take(&areas->lock);
	struct area_shown *part = part_ending(areas, address);
	if (part)
		part->end += size;
	posix_lock_give(&areas->lock);
}

static err_t make_copy(struct area_shown *part, handle_t memory, u32 flags)
{
	const struct map_request request = { .address = part->start, .size = part->end - part->start };
	handle_t own;
	u64 mapped;
	TRY(handle_duplicate(memory, RIGHT_READ | RIGHT_DUP, &own));
	err_t err = map_copy(&request, own, part->offset, flags, &mapped);
	if (err == OK)
		part->memory = own;
	else
		(void)handle_close(own);
	return err;
}

err_t shown_copy(struct area_state *areas, handle_t memory, u64 start, u64 end, u32 flags)
{
	TRY(cut_at(areas, start));
	TRY(cut_at(areas, end));
	for (struct area_shown *part = areas->shown; part; part = part->next)
		if (!part->memory.raw && part->start >= start && part->end <= end)
			TRY(make_copy(part, memory, flags));
	return OK;
}

// The first copy that has some of a range; null: none.
static const struct area_shown *_Nullable copy_first(
	const struct area_state *areas, u64 address, u64 end) REQUIRES(areas->lock)
{
	const struct area_shown *first = nullptr;
	for (const struct area_shown *part = areas->shown; part; part = part->next)
		if (part->memory.raw && part->start < end && part->end > address &&
			(!first || part->start < first->start))
			first = part;
	return first;
}

err_t shown_between(u64 address, u64 size, shown_gap *gap)
{
	struct area_state *areas = &posix_self()->areas;
	u64 end = address + size;
	err_t err = OK;
	posix_lock_take(&areas->lock);
	while (address < end) {
		const struct area_shown *part = copy_first(areas, address, end);
		u64 stop = part ? max_u64(part->start, address) : end;
		err_t one = stop > address ? gap(address, stop - address) : OK;
		err = err == OK ? one : err;
		address = part ? part->end : end;
	}
	posix_lock_give(&areas->lock);
	return err;
}

// A part of one mapping that lies in one copy: shows the file as it is now.
static err_t renew_part(
	const struct mapping_info *mapping, const struct area_shown *part, u64 address, u64 end)
{
	constexpr u32 ACCESS = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC;
	u64 start = max_u64(max_u64(address, part->start), mapping->address), mapped;
	u64 stop = min_u64(min_u64(end, part->end), mapping->address + mapping->size);
	if (start >= stop || mapping->flags & MAP_FLAGS_SHARED)
		return OK;
	struct map_request request = { .address = start, .size = stop - start };
	u32 flags = (mapping->flags & ACCESS) | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE;
	return map_copy(&request, part->memory, part->offset + start - part->start, flags, &mapped);
}

static err_t renew_copy(const struct area_shown *part, u64 address, u64 end)
{
	struct mappings mappings;
	err_t err = OK;
	if (!mappings_read(&mappings))
		return ERR_NO_MEMORY;
	for (usize i = 0; i < mappings.count && err == OK; i++)
		err = renew_part(mappings_at(&mappings, i), part, address, end);
	mappings_free(&mappings);
	return err;
}

err_t shown_renew(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	err_t err = OK;
	if (!areas->shown)
		return OK;
	posix_lock_take(&areas->lock);
	for (const struct area_shown *part = areas->shown; part && err == OK; part = part->next)
		if (part->memory.raw && part->start < address + size && part->end > address)
			err = renew_copy(part, address, address + size);
	posix_lock_give(&areas->lock);
	return err;
}

void shown_close(struct area_state *areas)
{
	while (areas->shown) {
		struct area_shown *part = areas->shown;
		areas->shown = part->next;
		shown_give(part);
	}
}
