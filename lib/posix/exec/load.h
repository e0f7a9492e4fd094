// SPDX-License-Identifier: MIT
// load.h - a checked program as pieces of memory to be mapped: text is the file's own, data a
// copy-on-write clone, the rest zeros. They are mapped into a process that has not run yet, or in
// place of the old program (exec.c).
#pragma once

#include "lib/posix/exec/program.h"
#include "lib/posix/memory/area.h"

NONNULL_BEGIN

// Where a program went.
struct loaded {
	u64 base;    // what was added to the addresses it was linked for
	u64 entry;   // as loaded, and so on
	u64 headers; // 0: no segment shows them
	u64 low, end;
	u64 data, data_offset; // the last segment that is a copy, and where it is in the file
	struct area_file file; // set by whoever knows it
};

constexpr u64 LOWER_HALF_START = 0x10000; // where programs are
constexpr u64 LOWER_HALF_END = 0x0000'7fff'ffff'f000;

struct piece {
	handle_t memory;
	bool is_owned;
	u32 flags; // enum map_flags
	u64 address, size, offset;
};

// Those before mapped are.
constexpr u32 PIECES_MAX = 4 * PROGRAM_SEGMENTS_MAX + 2; // of two programs; stack and vDSO
struct pieces {
	u32 count, mapped;
	struct piece piece[PIECES_MAX];
};

// Adds one. Memory that is owned is closed if there is no room.
err_t pieces_add(struct pieces *pieces, const struct piece *piece);
// Maps those that are not, in order, later ones over earlier ones.
err_t pieces_map(struct pieces *pieces, handle_t process);
void pieces_fini(struct pieces *pieces); // closes what they own

// base: 0 for a program that is not relocatable, else a multiple of program->alignment.
err_t load_program(struct pieces *pieces, handle_t file, const struct program *program, u64 base,
	struct loaded *out);

NONNULL_END
