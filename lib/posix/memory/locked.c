// SPDX-License-Identifier: MIT
// locked.c - mlock and its relatives. Nothing is ever paged out, so that a lock does nothing to
// memory: what is locked is counted, bounded by RLIMIT_MEMLOCK, and told.
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/memory/range.h"
#include "lib/posix/process/process.h"

constexpr u32 LIMIT_LOCKED = 8; // RLIMIT_MEMLOCK
constexpr u64 CAPABILITY_IPC_LOCK = 1u << 14;

struct range {
	u64 start, end;
};

static bool is_able(void)
{
	return posix_self()->identity.credentials.effective & CAPABILITY_IPC_LOCK;
}

static u64 limit(void)
{
	return is_able() ? UINT64_MAX : process_limit(LIMIT_LOCKED).soft;
}

// Whole pages, as mlock takes them. -EINVAL: beyond all addresses.
static i64 range_of(u64 address, u64 size, struct range *out)
{
	out->start = align_down(address, PAGE_SIZE);
	if (checked_add(address, size, &out->end) != OK ||
		checked_align_up(out->end, PAGE_SIZE, &out->end) != OK)
		return -EINVAL;
	return 0;
}

static u64 common(const struct area_locked *part, const struct range *range)
{
	u64 start = max_u64(part->start, range->start), end = min_u64(part->end, range->end);
	return start < end ? end - start : 0;
}

static u64 locked_in(const struct area_state *areas, const struct range *range)
	REQUIRES(areas -> lock)
{
	u64 size = 0;
	for (const struct area_locked *part = areas->locked; part; part = part->next)
		size += common(part, range);
	return size;
}

static void add(struct area_state *areas, struct area_locked *part) REQUIRES(areas -> lock)
{
	part->next = areas->locked;
	areas->locked = part;
	areas->locked_size += part->end - part->start;
}

// Takes a range out of a part, which may become two: without memory for that it stays as it is.
// True: nothing is left of it.
static bool cut(struct area_state *areas, struct area_locked *part, const struct range *range)
	REQUIRES(areas -> lock)
{
	bool has_before = part->start < range->start, has_behind = range->end < part->end;
	struct area_locked *tail = has_before && has_behind ? heap_take(sizeof *tail) : nullptr;
	if (has_before && has_behind && !tail)
		return false;
	areas->locked_size -= common(part, range);
	if (tail) {
		*tail = (struct area_locked){ part->next, range->end, part->end };
		part->next = tail;
	}
	if (has_before)
		part->end = range->start;
	else
		part->start = range->end;
	return part->start >= part->end;
}

static void remove(struct area_state *areas, const struct range *range) REQUIRES(areas -> lock)
{
	struct area_locked *_Nullable part;
	for (struct area_locked *_Nullable *link = &areas->locked; (part = *link);) {
		if (!common(part, range) || !cut(areas, part, range)) {
			link = &part->next;
			continue;
		}
		*link = part->next;
		heap_give(part, sizeof *part);
	}
}

static i64 put(struct area_state *areas, const struct range *range) REQUIRES(areas -> lock)
{
	struct area_locked *part = heap_take(sizeof *part);
	if (!part)
		return -ENOMEM;
	remove(areas, range);
	*part = (struct area_locked){ .start = range->start, .end = range->end };
	add(areas, part);
	return 0;
}

bool locked_any(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	struct range range;
	if (!areas->locked || range_of(address, size, &range))
		return false;
	posix_lock_take(&areas->lock);
	bool is_any = locked_in(areas, &range);
	posix_lock_give(&areas->lock);
	return is_any;
}

static bool becomes_locked(u32 flags)
{
	return flags & MAP_LOCKED || posix_self()->areas.locks_coming;
}

i64 locked_check(u64 size, u32 map_flags)
{
	if (map_flags & MAP_LOCKED && !limit())
		return -EPERM;
	if (!becomes_locked(map_flags))
		return 0;
	u64 all;
	bool is_small = checked_add(posix_self()->areas.locked_size, size, &all) == OK;
	return is_small && all <= align_down(limit(), PAGE_SIZE) ? 0 : -EAGAIN;
}

void locked_map(u64 address, u64 size, u32 map_flags)
{
	struct area_state *areas = &posix_self()->areas;
	if (!becomes_locked(map_flags))
		return;
	posix_lock_take(&areas->lock);
	(void)put(areas, &(struct range){ address, address + size }); // without memory: not counted
	posix_lock_give(&areas->lock);
}

void locked_forget(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	if (!areas->locked)
		return;
	posix_lock_take(&areas->lock);
	remove(areas, &(struct range){ address, address + size });
	posix_lock_give(&areas->lock);
}

void locked_move(u64 from, u64 size, u64 to)
{
	struct area_state *areas = &posix_self()->areas;
	const struct range range = { from, from + size };
	if (!areas->locked)
		return;
	posix_lock_take(&areas->lock);
	bool was_locked = locked_in(areas, &range) == size;
	remove(areas, &range);
	if (was_locked)
		(void)put(areas, &(struct range){ to, to + size });
	posix_lock_give(&areas->lock);
}

void locked_close(struct area_state *areas) NO_THREAD_SAFETY_ANALYSIS // nobody else is there
{
	remove(areas, &(struct range){ 0, UINT64_MAX });
	areas->locks_coming = 0;
}

static i64 lock(u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	struct range range = {};
	if (!limit())
		return -EPERM;
	TRY_POSIX(range_of(address, size, &range));
	u64 bytes = range.end - range.start, most = align_down(limit(), PAGE_SIZE);
	posix_lock_take(&areas->lock);
	bool is_allowed =
		bytes <= most && areas->locked_size + bytes - locked_in(areas, &range) <= most;
	posix_lock_give(&areas->lock);
	if (!is_allowed)
		return -ENOMEM;
	TRY_POSIX(check_mapped(range.start, bytes));
	posix_lock_take(&areas->lock);
	i64 answer = bytes ? put(areas, &range) : 0;
	posix_lock_give(&areas->lock);
	return answer;
}

i64 call_mlock(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return lock(ARG(0), ARG(1));
}

i64 call_mlock2(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ARG_U32(2) & ~(u32)MLOCK_ONFAULT ? -EINVAL : lock(ARG(0), ARG(1));
}

i64 call_munlock(struct posix_thread *self, const struct arguments *arguments)
{
	struct range range = {};
	(void)self;
	TRY_POSIX(range_of(ARG(0), ARG(1), &range));
	TRY_POSIX(check_mapped(range.start, range.end - range.start));
	locked_forget(range.start, range.end - range.start);
	return 0;
}

// Everything that is mapped now.
static i64 lock_all(u64 most)
{
	struct area_state *areas = &posix_self()->areas;
	struct mappings mappings;
	i64 answer = 0;
	u64 size = 0;
	if (!mappings_read(&mappings))
		return -ENOMEM;
	for (usize i = 0; i < mappings.count; i++)
		size += mappings_at(&mappings, i)->size;
	if (size > most)
		answer = -ENOMEM;
	posix_lock_take(&areas->lock);
	for (usize i = 0; i < mappings.count && !answer; i++) {
		const struct mapping_info *mapping = mappings_at(&mappings, i);
		answer = put(areas, &(struct range){ mapping->address, mapping->address + mapping->size });
	}
	posix_lock_give(&areas->lock);
	mappings_free(&mappings);
	return answer;
}

i64 call_mlockall(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(0);
	(void)self;
	bool is_good =
		flags && !(flags & ~(u32)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) && flags != MCL_ONFAULT;
	if (!is_good)
		return -EINVAL;
	if (!limit())
		return -EPERM;
	if (flags & MCL_CURRENT)
		TRY_POSIX(lock_all(limit()));
	posix_self()->areas.locks_coming = flags & MCL_FUTURE;
	return 0;
}

i64 call_munlockall(struct posix_thread *self, const struct arguments *arguments)
{
	struct area_state *areas = &posix_self()->areas;
	(void)self;
	(void)arguments;
	locked_forget(0, UINT64_MAX);
	areas->locks_coming = 0;
	return 0;
}
