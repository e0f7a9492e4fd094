// SPDX-License-Identifier: MIT
// memory_map_fuzz.c - any ranges reported and any claims and places: the map stays sorted, in whole
// pages, without overlap, and a place is always claimable.
#include "boot/memory_map.h"
#include "lib/base/bits.h"
#include "lib/base/reader.h"
#include "lib/base/test.h"

static void check(const struct memory_map *map)
{
	u64 end = 0;
	for (u32 i = 0; i < map->count; i++) {
		struct boot_range range = AT(map->ranges, i);
		assert(range.size && range.base >= end && is_aligned(range.base | range.size, PAGE_SIZE));
		end = range.base + range.size;
	}
}

static void place_and_claim(struct memory_map *map, u64 size, u32 fraction)
{
	u64 base;
	struct memory_request request = { align_up(size % (64 << 20), PAGE_SIZE) + PAGE_SIZE,
		size & 1 ? PAGE_SIZE : LARGE_PAGE_SIZE, LARGE_PAGE_SIZE, 1ull << 32 };
	if (memory_map_place(map, &request, fraction, &base) != OK)
		return;
	assert(is_aligned(base, request.alignment) && base >= request.low &&
		   base + request.size <= request.high);
	assert(memory_map_claim(map, base, request.size, BOOT_RANGE_KERNEL) != ERR_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct handover handover;
	static struct memory_map map;
	struct complaint complaint;
	reader_t reader = reader_of_view(view_from(data, size));
	u64 base, length;
	u32 type;
	handover.range_count = 0;
	while (reader_take_u64(&reader, &base) == OK && reader_take_u64(&reader, &length) == OK &&
		   reader_take_u32(&reader, &type) == OK) {
		if (handover_add_range(&handover, base >> (type >> 24 & 63), length >> (type >> 16 & 63),
				type & 3, &complaint) != OK)
			return 0;
	}
	if (memory_map_build(&map, &handover, &complaint) != OK)
		return 0;
	check(&map);
	for (u32 i = 0; i < handover.range_count; i++) {
		struct boot_range range = AT(handover.ranges, i);
		place_and_claim(&map, range.size, (u32)range.base);
		check(&map);
	}
	return 0;
}
