// SPDX-License-Identifier: MIT
// map.h - mapping into this process's lower half.
#pragma once

#include "lib/posix/core/call.h"
#include "lib/posix/memory/area.h"

NONNULL_BEGIN

struct map_request {
	u64 address, size; // whole pages
	u32 protection, flags;
	u32 type; // MAP_PRIVATE or MAP_SHARED
	i32 file;
	u64 offset;
};

u32 map_flags(const struct map_request *request); // enum map_flags
i64 map_error(err_t err);                         // as Linux says it of mmap
i64 map_anonymous(const struct map_request *request);
i64 map_file(struct posix_thread *self, const struct map_request *request);
// A copy-on-write clone of memory from offset on, as it is now.
err_t map_copy(const struct map_request *request, handle_t memory, u64 offset, u32 flags, u64 *out);
// Fresh zeros; flags: enum map_flags. Address 0 without fixed: where the kernel likes.
err_t map_zeros(u64 address, u64 size, u32 flags, u64 *out);

// source.c: what the program may want again of a memory that it maps. wanted: which file (inode 0:
// none) and a handle, which stays the caller's.
// A handle that can show it but not write; the table's. HANDLE_NONE: no memory.
handle_t source_for_reading(struct area_state *areas, const struct area_source *wanted);
void source_keep(struct area_state *areas, const struct area_source *wanted);
// By the kernel's number. Null: not known.
const struct area_source *_Nullable source_find(struct area_state *areas, u64 memory_id);
void sources_close(struct area_state *areas);

// copies.c: private copies of files. Told of every range that is mapped anew or unmapped, and of
// what moves.
// Before something is changed: each copy lies within the range or without. Else ERR_NO_MEMORY, and
// nothing may change, since what cannot be remembered would read as zeros one day.
err_t copies_cut(u64 address, u64 size);
void copies_forget(u64 address, u64 size); // of those that were cut
void copies_move(u64 from, u64 size, u64 to);
// A record, to be filled; memory stays the caller's. Null: no memory. It is given back or added.
// More of the file at the address where a copy ends. ERR_NOT_FOUND: none does.
err_t copies_extend(u64 address, u64 size, u32 flags);
// Calls for each part of a range in which no copy lies; the first error of these.
typedef err_t copies_gap(u64 address, u64 size);
err_t copies_between(u64 address, u64 size, copies_gap *gap);
struct area_copy *_Nullable copies_new(handle_t memory);
void copies_give(struct area_copy *copy);
void copies_add(struct area_state *areas, struct area_copy *copy) REQUIRES(areas -> lock);
// Those in the range show their files again, as they are now.
err_t copies_renew(u64 address, u64 size);
void copies_close(struct area_state *areas);

NONNULL_END
