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

// shown.c: what of files lies where. Told of every range that is mapped anew or unmapped, and of
// what moves.
// Before something is changed: each part lies within the range or without. Else ERR_NO_MEMORY, and
// nothing may change, since what cannot be remembered would read as zeros one day.
err_t shown_cut(u64 address, u64 size);
void shown_forget(u64 address, u64 size); // of those that were cut
void shown_move(u64 from, u64 size, u64 to);
// More of the file at the address where a copy ends. ERR_NOT_FOUND: none does.
err_t shown_extend(u64 address, u64 size, u32 flags);
// What is shown where this begins has become longer.
void shown_grow(u64 address, u64 size);
// Parts in [start, end) that show the file itself become copies of its memory.
err_t shown_copy(struct area_state *areas, handle_t memory, u64 start, u64 end, u32 flags)
	REQUIRES(areas -> lock);
// Calls for each part of a range in which no copy lies; the first error of these.
typedef err_t shown_gap(u64 address, u64 size);
err_t shown_between(u64 address, u64 size, shown_gap *gap);
// A record, to be filled; memory (none: no copy) stays the caller's. Null: no memory. It is given
// back or added.
struct area_shown *_Nullable shown_new(handle_t memory, const struct area_file *file);
void shown_give(struct area_shown *copy);
void shown_add(struct area_state *areas, struct area_shown *copy) REQUIRES(areas -> lock);
// Copies in the range show their files again, as they are now.
err_t shown_renew(u64 address, u64 size);
void shown_close(struct area_state *areas);

// -ENOMEM: not mapped throughout.
i64 check_mapped(u64 address, u64 size);

// locked.c: what the program has locked.
bool locked_any(u64 address, u64 size); // has some of it
// Before so much more is mapped: -EPERM, -EAGAIN if that would have to be locked and must not be.
i64 locked_check(u64 size, u32 map_flags);
void locked_map(u64 address, u64 size, u32 map_flags); // it is mapped now
void locked_forget(u64 address, u64 size);             // it is unmapped, or mapped anew
void locked_move(u64 from, u64 size, u64 to);
void locked_close(struct area_state *areas);

// grows.c: MAP_GROWSDOWN, mapped with these flags (enum map_flags).
void grows_map(u64 address, u64 size, u32 flags);
void grows_forget(u64 address, u64 size); // where it begins is unmapped, or mapped anew
void grows_close(struct area_state *areas);
// The program touched what is not mapped: true, if it is now.
bool memory_grows(u64 address);

NONNULL_END
