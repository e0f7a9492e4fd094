// SPDX-License-Identifier: MIT
// protect.c - mprotect. A private mapping of a file that was only read shows the file's own memory,
// which nobody may write through it: when writing is asked for, a copy-on-write clone takes its
// place; of what exec mapped there is no handle, so its bytes are copied.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/mappings.h"
#include "lib/posix/memory/range.h"

// Bytes that can be read here, as private memory in the same place.
static err_t copy_bytes(u64 start, u64 end, u32 flags)
{
	handle_t copy;
	u64 mapped;
	i64 done = 1;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, end - start, HANDLE_NONE, 0, 0, &copy));
	for (u64 at = start; at < end && done > 0; at += (u64)done)
		done = contents_write(copy, at - start, at, end - at);
	err_t err = done > 0 ? OK : done == -EFAULT ? ERR_RIGHTS : ERR_NO_MEMORY;
	if (err == OK)
		err = memory_map(HANDLE_NONE, copy, start, end - start, 0,
			flags | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped);
	(void)handle_close(copy);
	return err;
}

// The part of a mapping in [address, end), as a copy. Others stay as they are.
static err_t copy_part(struct area_state *areas, const struct mapping_info *mapping, u64 address,
	u64 end, u32 protection) REQUIRES(areas -> lock)
{
	const struct area_source *source = source_find(areas, mapping->memory_id);
	u64 start = max_u64(address, mapping->address);
	u64 stop = min_u64(end, mapping->address + mapping->size);
	if (start >= stop || mapping->flags & MAP_FLAGS_SHARED)
		return OK;
	const struct map_request request = {
		.protection = protection, .flags = MAP_FIXED, .type = MAP_PRIVATE
	};
	if (source)
		return shown_copy(areas, source->memory, start, stop, map_flags(&request));
	if (memory_protect(HANDLE_NONE, start, stop - start, access_of(protection)) == OK)
		return OK;
	return copy_bytes(start, stop, map_flags(&request));
}

static err_t make_copies(u64 address, u64 size, u32 protection)
{
	struct area_state *areas = &posix_self()->areas;
	struct mappings mappings;
	err_t err = OK;
	if (!mappings_read(&mappings))
		return ERR_NO_MEMORY;
	posix_lock_take(&areas->lock);
	for (usize i = 0; i < mappings.count && err == OK; i++)
		err = copy_part(areas, mappings_at(&mappings, i), address, address + size, protection);
	posix_lock_give(&areas->lock);
	mappings_free(&mappings);
	return err;
}

i64 call_mprotect(struct posix_thread *self, const struct arguments *arguments)
{
	u64 address = ARG(0), size = ARG(1);
	u32 protection = ARG_U32(2);
	(void)self;
	if (!is_aligned(address, PAGE_SIZE))
		return -EINVAL;
	if (!size)
		return 0;
	if (!size_to_pages(&size) || !range_is_good(address, size) || address < RANGE_LOW)
		return -ENOMEM;
	err_t err = memory_protect(HANDLE_NONE, address, size, access_of(protection));
	if (err == ERR_RIGHTS && protection & PROT_WRITE) {
		err = make_copies(address, size, protection);
		if (err == OK)
			err = memory_protect(HANDLE_NONE, address, size, access_of(protection));
	}
	return err == OK ? 0 : err == ERR_RIGHTS ? -EACCES : -ENOMEM;
}
