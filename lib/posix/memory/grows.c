// SPDX-License-Identifier: MIT
// grows.c - MAP_GROWSDOWN: private zeros that come downwards when the program touches what lies
// below them, as stacks do. The program's fault does it; a call that is given such memory before
// answers EFAULT.
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/memory/range.h"
#include "lib/posix/process/process.h"

constexpr u32 LIMIT_STACK = 3;             // RLIMIT_STACK
constexpr u64 GUARD_GAP = 256 * PAGE_SIZE; // that stays free below, as on Linux

struct area_growing {
	struct area_growing *_Nullable next;
	u64 start, end;
	u32 flags; // enum map_flags
};

void grows_map(u64 address, u64 size, u32 flags)
{
	struct area_state *areas = &posix_self()->areas;
	struct area_growing *area = heap_take(sizeof *area);
	if (!area)
		return; // it stays as it is
	*area = (struct area_growing){ .start = address, .end = address + size, .flags = flags };
	posix_lock_take(&areas->lock);
	area->next = areas->growing;
	areas->growing = area;
	posix_lock_give(&areas->lock);
}

static void forget(struct area_state *areas, u64 address, u64 size) REQUIRES(areas -> lock)
{
	struct area_growing *_Nullable area;
	for (struct area_growing *_Nullable *link = &areas->growing; (area = *link);) {
		if (area->start - address >= size) {
			link = &area->next;
			continue;
		}
		*link = area->next;
		heap_give(area, sizeof *area);
	}
}

void grows_forget(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->growing)
		return;
	posix_lock_take(&areas->lock);
	forget(areas, address, size);
	posix_lock_give(&areas->lock);
}

void grows_close(struct area_state *areas) NO_THREAD_SAFETY_ANALYSIS // nobody else is there
{
	forget(areas, 0, UINT64_MAX);
}

// The one that begins next above the address.
static struct area_growing *_Nullable find_above(const struct area_state *areas, u64 address)
	REQUIRES(areas->lock)
{
	struct area_growing *found = nullptr;
	for (struct area_growing *area = areas->growing; area; area = area->next)
		if (area->start > address && (!found || area->start < found->start))
			found = area;
	return found;
}

// Nothing lies between them, nor near below the page.
static bool is_free(u64 page, u64 start)
{
	struct mappings mappings;
	bool is_clear = true;
	if (page < RANGE_LOW + GUARD_GAP || !mappings_read(&mappings))
		return false;
	for (usize i = 0; i < mappings.count; i++) {
		const struct mapping_info *mapping = mappings_at(&mappings, i);
		is_clear &=
			mapping->address >= start || mapping->address + mapping->size + GUARD_GAP <= page;
	}
	mappings_free(&mappings);
	return is_clear;
}

static bool grow(struct area_state *areas, u64 page, u64 limit) REQUIRES(areas -> lock)
{
	struct area_growing *area = find_above(areas, page);
	u64 mapped;
	if (!area || area->end - page > limit || !is_free(page, area->start))
		return false;
	if (map_zeros(page, area->start - page, area->flags | MAP_FLAGS_FIXED, &mapped) != OK)
		return false;
	area->start = page;
	return true;
}

bool memory_grows(u64 address)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->growing || address >= RANGE_HIGH)
		return false;
	u64 limit = process_limit(LIMIT_STACK).soft;
	posix_lock_take(&areas->lock);
	bool is_grown = grow(areas, align_down(address, PAGE_SIZE), limit);
	posix_lock_give(&areas->lock);
	return is_grown;
}
