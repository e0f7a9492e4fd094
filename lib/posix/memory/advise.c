// SPDX-License-Identifier: MIT
// advise.c - what a program says of memory that it has: advice, what is present, what is to be
// written back. Only MADV_DONTNEED does something that can be seen. Nothing is ever paged out, so
// everything mapped counts as present.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/memory/range.h"

i64 check_mapped(u64 address, u64 size)
{
	struct mappings mappings;
	if (!size)
		return 0;
	if (!size_to_pages(&size) || !range_is_good(address, size) || !mappings_read(&mappings))
		return -ENOMEM;
	bool is_covered = mappings_cover(&mappings, address, size);
	mappings_free(&mappings);
	return is_covered ? 0 : -ENOMEM;
}

// Only what is the process's own can be given up. -EINVAL: some of it is shared.
static i64 check_own(u64 address, u64 size)
{
	struct mappings mappings;
	i64 answer = 0;
	TRY_POSIX(check_mapped(address, size));
	if (!mappings_read(&mappings))
		return -ENOMEM;
	for (usize i = 0; i < mappings.count; i++) {
		const struct mapping_info *mapping = mappings_at(&mappings, i);
		bool is_inside =
			mapping->address < address + size && address < mapping->address + mapping->size;
		if (is_inside && mapping->flags & MAP_FLAGS_SHARED)
			answer = -EINVAL;
	}
	mappings_free(&mappings);
	return answer;
}

static err_t discard_part(u64 address, u64 size)
{
	return memory_protect(HANDLE_NONE, address, size, MAP_FLAGS_DISCARD);
}

// Private anonymous memory reads as zeros again, a private copy of a file as the file: that is what
// can fail for want of memory, so it comes first.
static i64 discard(u64 address, u64 size)
{
	u64 start = max_u64(address, RANGE_LOW), end = address + size;
	if (start >= end)
		return 0;
	err_t err = shown_renew(start, end - start);
	if (err == OK)
		err = shown_between(start, end - start, discard_part);
	return err == OK ? 0 : -ENOMEM;
}

i64 call_madvise(struct posix_thread *self, const struct arguments *arguments)
{
	u64 address = ARG(0), size = ARG(1);
	(void)self;
	if (!is_aligned(address, PAGE_SIZE) || !size_to_pages(&size) || !range_is_good(address, size))
		return -EINVAL;
	switch ((enum linux_advice)ARG_INT(2)) {
	case MADV_DONTNEED: return locked_any(address, size) ? -EINVAL : discard(address, size);
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP: return check_mapped(address, size);
	case MADV_COLD:
	case MADV_PAGEOUT: return locked_any(address, size) ? -EINVAL : check_mapped(address, size);
	case MADV_FREE: return check_own(address, size);
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE: return -EINVAL; // pages are not merged: as a Linux without KSM
	}
	return -EINVAL;
}

// Files in memory have nothing to be written back to.
i64 call_msync(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(2);
	(void)self;
	if (!is_aligned(ARG(0), PAGE_SIZE) || flags & ~(u32)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
		(flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	TRY_POSIX(check_mapped(ARG(0), ARG(1)));
	return flags & MS_INVALIDATE && locked_any(ARG(0), ARG(1)) ? -EBUSY : 0;
}

i64 call_mincore(struct posix_thread *self, const struct arguments *arguments)
{
	u8 present[64];
	(void)self;
	u64 size = ARG(1), to = ARG(2);
	if (!is_aligned(ARG(0), PAGE_SIZE))
		return -EINVAL;
	if (!size_to_pages(&size) || !range_is_good(ARG(0), size))
		return -ENOMEM;
	u64 pages = size / PAGE_SIZE;
	TRY_POSIX(user_check(to, pages));
	TRY_POSIX(check_mapped(ARG(0), ARG(1)));
	span_fill(span_of(present), 1);
	while (pages) {
		u64 count = min_u64(pages, sizeof present);
		TRY_POSIX(user_copy_out(to, present, count));
		to += count;
		pages -= count;
	}
	return 0;
}
