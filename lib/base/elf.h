// SPDX-License-Identifier: MIT
// elf.h - reads ELF64 programs for x86_64 out of bytes that nobody vouches for. elf_parse checks
// everything the loader will rely on, so that loading is only: map each segment, then write each
// relocation. Sections and symbols are not looked at.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

enum [[nodiscard]] elf_problem : u8 {
	ELF_GOOD,
	ELF_HEADER_CUT,
	ELF_BAD_MAGIC,
	ELF_WRONG_CLASS,
	ELF_WRONG_BYTE_ORDER,
	ELF_WRONG_VERSION,
	ELF_WRONG_TYPE,
	ELF_WRONG_MACHINE,
	ELF_WRONG_HEADER_SIZE,
	ELF_NO_PROGRAM_HEADERS,
	ELF_TOO_MANY_PROGRAM_HEADERS,
	ELF_PROGRAM_HEADERS_CUT,
	ELF_NO_SEGMENTS,
	ELF_TOO_MANY_SEGMENTS,
	ELF_SEGMENT_CUT,
	ELF_SEGMENT_LARGER_IN_FILE,
	ELF_SEGMENT_OVERFLOWS,
	ELF_SEGMENT_UNALIGNED,
	ELF_SEGMENTS_OVERLAP,
	ELF_SEGMENTS_UNORDERED,
	ELF_SEGMENTS_SHARE_PAGE,
	ELF_SEGMENT_WRITABLE_AND_EXECUTABLE,
	ELF_STACK_EXECUTABLE,
	ELF_IMAGE_TOO_BIG,
	ELF_ENTRY_NOT_EXECUTABLE,
	ELF_INTERPRETER_BAD,
	ELF_TLS_BAD,
	ELF_DYNAMIC_BAD,
	ELF_RELOCATIONS_BAD,
	ELF_RELOCATION_OUTSIDE,
	ELF_RELOCATION_UNSUPPORTED,
};

// Says what is wrong, for people.
const char *elf_problem_text(enum elf_problem problem);

constexpr u32 ELF_SEGMENTS_MAX = 12;
constexpr u32 ELF_PROGRAM_HEADERS_MAX = 64;
constexpr u64 ELF_IMAGE_SIZE_MAX = (u64)4 << 30;

enum elf_flags : u32 { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 };

// A part of memory: the first file_size bytes come from the file, the rest is zero. Address and
// file_offset are equal modulo the page size, no two segments share a page, and none is writable
// and executable.
struct elf_segment {
	u64 address; // as linked; the loader adds its base
	u64 memory_size;
	u64 file_offset;
	u64 file_size;
	u64 alignment; // a power of two
	u32 flags;     // enum elf_flags
};

struct elf {
	view_t file;                                  // borrowed
	struct elf_segment segment[ELF_SEGMENTS_MAX]; // ascending
	u32 segments;
	u32 program_headers;
	bool is_relocatable;         // ET_DYN: may lie at any base that is a multiple of alignment
	u64 entry;                   // inside an executable segment's file bytes
	u64 low, high;               // all segments lie within, whole pages
	u64 alignment;               // largest of the segments', at least a page
	u64 program_headers_address; // 0: they are in no segment
	view_t interpreter;          // path, without the zero; empty: none wanted
	struct elf_segment dynamic;  // memory_size 0: none
	struct elf_segment tls;      // memory_size 0: none. Lies within a segment
};

enum elf_problem elf_parse(view_t file, struct elf *out);

// The bytes in the file of one of the segments.
view_t elf_segment_bytes(const struct elf *elf, const struct elf_segment *segment);

// The word at base + address becomes base + addend. The address lies, with all 8 bytes, in a
// segment that is not executable.
struct elf_relocation {
	u64 address;
	u64 addend;
};

struct elf_relocations {
	const struct elf *elf;    // borrowed
	view_t rela;              // what is left of the table of explicit relocations
	view_t relr;              // what is left of the table of packed ones
	u64 relr_address;         // of the first word that the next bitmap speaks of
	u64 relr_bitmap;          // what is left of the current bitmap
	u64 relr_bitmap_at;       // the word that its lowest bit speaks of
	enum elf_problem problem; // why elf_relocation_next said no; ELF_GOOD at the end
};

// The relative relocations of a static PIE; of a program without any, an empty list.
enum elf_problem elf_relocations_init(struct elf_relocations *list, const struct elf *elf);
bool elf_relocation_next(struct elf_relocations *list, struct elf_relocation *out);

NONNULL_END
