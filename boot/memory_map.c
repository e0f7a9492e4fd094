// SPDX-License-Identifier: MIT
// memory_map.c - painting rebuilds the list into a second one, merging neighbours of one kind.
#include "boot/memory_map.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"

// Appends, or widens the last range when it ends here and is of the same kind.
static err_t append(struct memory_map *map, u64 base, u64 end, u32 kind)
{
	if (base >= end)
		return OK;
	if (map->count) {
		struct boot_range *last = &AT(map->ranges, map->count - 1);
		if (last->kind == kind && last->base + last->size == base) {
			last->size += end - base;
			return OK;
		}
	}
	if (map->count == BOOT_RANGES_MAX)
		return ERR_TOO_BIG;
	AT(map->ranges, map->count) =
		(struct boot_range){ .base = base, .size = end - base, .kind = kind };
	map->count++;
	return OK;
}

err_t memory_map_paint(struct memory_map *map, u64 base, u64 size, u32 kind)
{
	struct memory_map next;
	u64 end = base + size;
	bool is_done = false;
	next.count = 0;
	for (u32 i = 0; i < map->count; i++) {
		struct boot_range range = AT(map->ranges, i);
		u64 range_end = range.base + range.size;
		TRY(append(&next, range.base, min_u64(range_end, base), range.kind));
		if (!is_done && range_end > base) {
			TRY(append(&next, base, end, kind));
			is_done = true;
		}
		TRY(append(&next, max_u64(range.base, end), range_end, range.kind));
	}
	if (!is_done)
		TRY(append(&next, base, end, kind));
	*map = next;
	return OK;
}

static err_t paint_kind(struct memory_map *map, const struct handover *handover, u32 kind)
{
	for (u32 i = 0; i < handover->range_count; i++) {
		struct boot_range range = AT(handover->ranges, i);
		u64 end = min_u64(range.base + range.size, MEMORY_LIMIT);
		if (range.kind != kind || range.base >= end)
			continue;
		bool is_usable = kind == BOOT_RANGE_USABLE;
		u64 base = is_usable ? align_up(range.base, PAGE_SIZE) : align_down(range.base, PAGE_SIZE);
		end = is_usable ? align_down(end, PAGE_SIZE) : align_up(end, PAGE_SIZE);
		if (base < end)
			TRY(memory_map_paint(map, base, end - base, kind));
	}
	return OK;
}

// Physical address 0 means none in many places: its page belongs to nobody.
err_t memory_map_build(
	struct memory_map *map, const struct handover *handover, struct complaint *complaint)
{
	map->count = 0;
	if (paint_kind(map, handover, BOOT_RANGE_USABLE) != OK ||
		paint_kind(map, handover, BOOT_RANGE_ACPI) != OK ||
		paint_kind(map, handover, BOOT_RANGE_RESERVED) != OK ||
		memory_map_paint(map, 0, PAGE_SIZE, BOOT_RANGE_RESERVED) != OK)
		return complain(complaint, "more memory ranges than", BOOT_RANGES_MAX);
	return OK;
}

err_t memory_map_claim(struct memory_map *map, u64 base, u64 size, u32 kind)
{
	u64 end;
	if (ckd_add(&end, base, size))
		return ERR_NOT_FOUND;
	u64 reached = base;
	for (u32 i = 0; i < map->count; i++) {
		struct boot_range range = AT(map->ranges, i);
		if (range.kind == BOOT_RANGE_USABLE && range.base <= reached)
			reached = max_u64(reached, range.base + range.size);
	}
	if (reached < end)
		return ERR_NOT_FOUND;
	return memory_map_paint(map, base, size, kind);
}

err_t memory_map_keep_table(struct memory_map *map, u64 paddr, u64 size)
{
	u64 end;
	TRY(checked_add(paddr, size, &end));
	TRY(checked_align_up(end, PAGE_SIZE, &end));
	paddr = align_down(paddr, PAGE_SIZE);
	for (u32 i = 0; i < map->count; i++) {
		struct boot_range range = AT(map->ranges, i);
		bool is_owned = range.kind != BOOT_RANGE_USABLE && range.kind != BOOT_RANGE_RESERVED &&
		                range.kind != BOOT_RANGE_ACPI;
		if (is_owned && range.base < end && paddr < range.base + range.size)
			return ERR_EXISTS;
	}
	return memory_map_paint(map, paddr, end - paddr, BOOT_RANGE_ACPI);
}

// How many places one range offers; the first of them goes to *first.
static u64 count_places(
	const struct boot_range *range, const struct memory_request *request, u64 *first)
{
	u64 base = align_up(max_u64(range->base, request->low), request->alignment);
	u64 end = min_u64(range->base + range->size, request->high);
	*first = base;
	if (range->kind != BOOT_RANGE_USABLE || base > end || end - base < request->size)
		return 0;
	return ((end - base - request->size) >> bits_lowest(request->alignment)) + 1;
}

err_t memory_map_place(
	const struct memory_map *map, const struct memory_request *request, u32 fraction, u64 *base)
{
	u64 total = 0, first;
	for (u32 i = 0; i < map->count; i++)
		total += count_places(&AT(map->ranges, i), request, &first);
	if (!total)
		return ERR_NO_MEMORY;
	u64 chosen = fraction == UINT32_MAX ? total - 1 : min_u64(total, UINT32_MAX) * fraction >> 32;
	for (u32 i = 0; i < map->count; i++) {
		u64 count = count_places(&AT(map->ranges, i), request, &first);
		if (chosen < count) {
			*base = first + (chosen << bits_lowest(request->alignment));
			return OK;
		}
		chosen -= count;
	}
	return ERR_NO_MEMORY;
}
