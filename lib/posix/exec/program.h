// SPDX-License-Identifier: MIT
// program.h - a Linux program as its ELF headers describe it, checked so far that a loader can map
// what is said here and nothing else happens than that the program does not work. Two steps, since
// the table of headers may stand anywhere in the file. Sections and symbols are not looked at.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 PROGRAM_SEGMENTS_MAX = 32;
constexpr u32 PROGRAM_HEADERS_MAX = 64;
constexpr u32 PROGRAM_HEADER_SIZE = 56;
constexpr u32 PROGRAM_START_SIZE = 64; // bytes of the file that program_begin looks at
constexpr u64 PROGRAM_PATH_MAX = 4096; // of PT_INTERP, with its zero

// The first file_size bytes come from the file, the rest is zero. Address and offset are equal
// modulo the page size; a later segment may take a page of an earlier one.
struct program_segment {
	u64 address, memory_size;
	u64 offset, file_size;
	u32 flags; // enum program_access
};

enum program_access : u32 { PROGRAM_EXECUTE = 1, PROGRAM_WRITE = 2, PROGRAM_READ = 4 };

struct program {
	struct program_segment segment[PROGRAM_SEGMENTS_MAX]; // by rising address
	u32 segments;
	u32 headers;
	u64 headers_offset;  // in the file
	u64 headers_address; // as linked; 0: no segment shows them
	u64 entry;           // as linked; may be anywhere
	u64 low, high;       // whole pages: all segments lie within, and high in the lower half
	u64 alignment;       // for the base of a relocatable program; a power of two, at least a page
	u64 interpreter_offset, interpreter_size; // of its path with a zero; size 0: none
	bool is_relocatable;                      // ET_DYN: at any base that is a multiple of alignment
	bool has_executable_stack;
};

// From the first PROGRAM_START_SIZE bytes of a file. False: no program for this machine.
bool program_begin(struct program *program, view_t start, u64 file_size);
// From its table of headers: the bytes from headers_offset on.
bool program_finish(struct program *program, view_t table, u64 file_size);

NONNULL_END
