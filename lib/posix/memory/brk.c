// SPDX-License-Identifier: MIT
// brk.c - the break. It grows by pieces larger than asked for, so that a heap that grows in small
// steps does not become many mappings; what is beyond the break is zeros nobody knows of.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/range.h"

constexpr u64 PIECE_MIN = 128 * 1024;
constexpr u64 PIECE_SHARE = 8; // of what there is already
constexpr u32 LIMIT_DATA = 2;  // RLIMIT_DATA

static bool map_to(struct area_state *areas, u64 end)
{
	u64 start = areas->break_mapped, mapped;
	u32 flags = MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED;
	if (map_zeros(start, end - start, flags, &mapped) != OK)
		return false;
	areas->break_mapped = end;
	return true;
}

static bool grow(struct area_state *areas, u64 end)
{
	u64 piece = max_u64(PIECE_MIN, (areas->break_mapped - areas->break_start) / PIECE_SHARE);
	u64 generous = align_up(areas->break_mapped + piece, PAGE_SIZE);
	if (generous > end && generous < RANGE_HIGH && map_to(areas, generous))
		return true;
	return map_to(areas, end);
}

static bool is_within_limit(const struct area_state *areas, u64 end)
{
	u64 limit = AT(posix_self()->identity.limits, LIMIT_DATA).soft;
	return !limit || end - areas->break_start <= limit; // 0: not known yet
}

static void move_to(struct area_state *areas, u64 end)
{
	u64 pages_end = align_up(end, PAGE_SIZE);
	if (pages_end > areas->break_mapped && !grow(areas, pages_end))
		return;
	if (end < areas->break_end && pages_end < areas->break_mapped) {
		if (memory_unmap(HANDLE_NONE, pages_end, areas->break_mapped - pages_end) != OK)
			return;
		areas->break_mapped = pages_end;
	}
	areas->break_end = end;
}

static bool may_be_locked(const struct area_state *areas, u64 end)
{
	return end <= areas->break_end || locked_check(end - areas->break_end, 0) == 0;
}

// What came or went of pages, for who locks all that comes.
static void tell_locks(u64 before, u64 now)
{
	before = align_up(before, PAGE_SIZE);
	now = align_up(now, PAGE_SIZE);
	if (now > before)
		locked_map(before, now - before, 0);
	else
		locked_forget(now, before - now);
}

// The break as it is afterwards: unchanged if it could not be moved.
i64 call_brk(struct posix_thread *self, const struct arguments *arguments)
{
	struct area_state *areas = &posix_self()->areas;
	(void)self;
	posix_lock_take(&areas->lock);
	u64 end = ARG(0), before = areas->break_end;
	if (end >= areas->break_start && end < RANGE_HIGH && is_within_limit(areas, end) &&
		may_be_locked(areas, end))
		move_to(areas, end);
	u64 answer = areas->break_end;
	posix_lock_give(&areas->lock);
	if (answer != before)
		tell_locks(before, answer);
	return (i64)answer;
}
