// SPDX-License-Identifier: MIT
// map.h - mapping into this process's lower half.
#pragma once

#include "lib/posix/core/call.h"
#include "lib/posix/memory/area.h"

NONNULL_BEGIN

// Fresh zeros; flags: enum map_flags. Address 0 without fixed: where the kernel likes.
err_t map_zeros(u64 address, u64 size, u32 flags, u64 *out);

// source.c: what the program may want again of a memory that it maps.
// A handle to show the same memory read-only; stays the table's. Which file it is: tree, inode,
// generation of wanted (inode 0: none); wanted->memory is only looked at. HANDLE_NONE: no memory.
handle_t source_for_reading(struct area_state *areas, const struct area_source *wanted);
// The same, kept with the rights that the handle has.
void source_keep(struct area_state *areas, const struct area_source *wanted);
// By the kernel's number. HANDLE_NONE: not known.
handle_t source_find(struct area_state *areas, u64 memory_id);
void sources_close(struct area_state *areas);

NONNULL_END
