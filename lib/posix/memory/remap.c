// SPDX-License-Identifier: MIT
// remap.c - mremap: shrinks, grows where it is, or moves without a copy.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/memory/range.h"

constexpr u32 TRIES = 8;

struct remap {
	u64 old_address, old_size;
	u64 address, size; // address: only with MREMAP_FIXED
	u32 flags;
	struct mapping_info last; // what the old range ends with
};

static i64 check(struct remap *remap)
{
	bool is_fixed = remap->flags & MREMAP_FIXED;
	if (remap->flags & ~(u32)(MREMAP_MAYMOVE | MREMAP_FIXED) || // DONTUNMAP is not known here
		(is_fixed && !(remap->flags & MREMAP_MAYMOVE)) ||
		!is_aligned(remap->old_address, PAGE_SIZE))
		return -EINVAL;
	if (!remap->size || !size_to_pages(&remap->size) || !size_to_pages(&remap->old_size) ||
		!remap->old_size)
		return -EINVAL;
	if (!range_is_good(remap->old_address, remap->old_size))
		return -EFAULT;
	if (!is_fixed)
		return 0;
	u64 end = remap->address + remap->size, old_end = remap->old_address + remap->old_size;
	if (!range_is_good(remap->address, remap->size) || remap->address < RANGE_LOW ||
		(remap->address < old_end && remap->old_address < end))
		return -EINVAL;
	return 0;
}

// What is mapped there must be one thing, as far as one can tell.
static i64 look(struct remap *remap)
{
	struct mappings mappings;
	if (!mappings_read(&mappings))
		return -ENOMEM;
	u64 end = remap->old_address + remap->old_size;
	const struct mapping_info *last = mappings_find(&mappings, end - 1);
	bool is_covered = last && mappings_cover(&mappings, remap->old_address, remap->old_size);
	if (is_covered)
		remap->last = *last;
	mappings_free(&mappings);
	return is_covered ? 0 : -EFAULT;
}

static u32 access_of_mapping(const struct mapping_info *mapping)
{
	return mapping->flags & (MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_EXEC | MAP_FLAGS_SHARED);
}

// More of the same at an address where nothing is.
static err_t extend(const struct remap *remap, u64 address, u64 size)
{
	struct area_state *areas = &posix_self()->areas;
	const struct mapping_info *last = &remap->last;
	u32 flags = access_of_mapping(last) | MAP_FLAGS_FIXED;
	u64 old_end = remap->old_address + remap->old_size, mapped;
	err_t err = flags & MAP_FLAGS_SHARED ? ERR_NOT_FOUND : shown_extend(address, size, flags);
	if (err != ERR_NOT_FOUND)
		return err;
	posix_lock_take(&areas->lock);
	const struct area_source *source = source_find(areas, last->memory_id);
	handle_t memory = source ? source->memory : HANDLE_NONE;
	posix_lock_give(&areas->lock);
	if (!memory.raw)
		return map_zeros(address, size, flags, &mapped);
	u64 offset = last->offset + (old_end - last->address);
	err = memory_map(HANDLE_NONE, memory, address, size, offset, flags, &mapped);
	if (err == OK)
		shown_grow(address, size);
	return err;
}

static err_t move_to(const struct remap *remap, u64 size, u64 address)
{
	u64 mapped;
	TRY(shown_cut(remap->old_address, size));
	TRY(memory_map(
		HANDLE_NONE, HANDLE_NONE, address, size, remap->old_address, MAP_FLAGS_MOVE, &mapped));
	shown_move(remap->old_address, size, address);
	return OK;
}

// To wherever there is room. Another thread may map there first: then elsewhere.
static err_t move_anywhere(const struct remap *remap, u64 *out)
{
	err_t err = ERR_NO_MEMORY;
	for (u32 i = 0; i < TRIES; i++) {
		TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, remap->size, 0, 0, out));
		TRY(memory_unmap(HANDLE_NONE, *out, remap->size));
		err = move_to(remap, remap->old_size, *out);
		if (err != ERR_EXISTS)
			break;
	}
	return err;
}

static i64 grow_elsewhere(const struct remap *remap)
{
	u64 address;
	if (move_anywhere(remap, &address) != OK)
		return -ENOMEM;
	u64 added = remap->size - remap->old_size;
	if (extend(remap, address + remap->old_size, added) == OK)
		return (i64)address;
	u64 mapped; // back again; the old place was ours a moment ago
	(void)memory_map(HANDLE_NONE, HANDLE_NONE, remap->old_address, remap->old_size, address,
		MAP_FLAGS_MOVE, &mapped);
	shown_move(address, remap->old_size, remap->old_address);
	return -ENOMEM;
}

static i64 resize(const struct remap *remap)
{
	u64 address = remap->old_address, end = address + remap->old_size;
	if (remap->size == remap->old_size)
		return (i64)address;
	if (remap->size < remap->old_size) {
		u64 cut = remap->old_size - remap->size;
		if (shown_cut(end - cut, cut) != OK)
			return -ENOMEM;
		shown_forget(end - cut, cut);
		return memory_unmap(HANDLE_NONE, end - cut, cut) == OK ? (i64)address : -ENOMEM;
	}
	u64 added = remap->size - remap->old_size;
	if (range_is_good(end, added) && extend(remap, end, added) == OK)
		return (i64)address;
	return remap->flags & MREMAP_MAYMOVE ? grow_elsewhere(remap) : -ENOMEM;
}

static i64 place(struct remap *remap)
{
	u64 kept = min_u64(remap->size, remap->old_size);
	if (shown_cut(remap->address, remap->size) != OK ||
		shown_cut(remap->old_address, remap->old_size) != OK)
		return -ENOMEM;
	shown_forget(remap->address, remap->size);
	if (memory_unmap(HANDLE_NONE, remap->address, remap->size) != OK ||
		move_to(remap, kept, remap->address) != OK)
		return -ENOMEM;
	shown_forget(remap->old_address, remap->old_size);
	if (remap->old_size > kept)
		(void)memory_unmap(HANDLE_NONE, remap->old_address + kept, remap->old_size - kept);
	if (remap->size > kept && extend(remap, remap->address + kept, remap->size - kept) != OK)
		return -ENOMEM;
	return (i64)remap->address;
}

i64 call_mremap(struct posix_thread *self, const struct arguments *arguments)
{
	struct remap remap = { .old_address = ARG(0),
		.old_size = ARG(1),
		.size = ARG(2),
		.flags = ARG_U32(3),
		.address = ARG(4) };
	(void)self;
	TRY_POSIX(check(&remap));
	TRY_POSIX(look(&remap));
	u64 added = remap.size > remap.old_size ? remap.size - remap.old_size : 0;
	u32 flags = locked_any(remap.old_address, remap.old_size) ? MAP_LOCKED : 0;
	if (added)
		TRY_POSIX(locked_check(added, flags));
	i64 address = remap.flags & MREMAP_FIXED ? place(&remap) : resize(&remap);
	if (added && address > 0)
		locked_map((u64)address + remap.old_size, added, flags);
	return address;
}
