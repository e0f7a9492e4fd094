// SPDX-License-Identifier: MIT
// elf_problem.c - what is wrong with a program, in words.
#include "lib/base/elf.h"

static const char *const texts[] = {
	[ELF_GOOD] = "good",
	[ELF_HEADER_CUT] = "the file ends within the ELF header",
	[ELF_BAD_MAGIC] = "the file does not begin with 7f 45 4c 46 (not an ELF file)",
	[ELF_WRONG_CLASS] = "not a 64-bit ELF file",
	[ELF_WRONG_BYTE_ORDER] = "not a little-endian ELF file",
	[ELF_WRONG_VERSION] = "unknown ELF version",
	[ELF_WRONG_TYPE] = "neither an executable nor a position-independent executable",
	[ELF_WRONG_MACHINE] = "not for x86_64",
	[ELF_WRONG_HEADER_SIZE] = "the ELF header or its program headers have an unknown size",
	[ELF_NO_PROGRAM_HEADERS] = "no program headers",
	[ELF_TOO_MANY_PROGRAM_HEADERS] = "more than 64 program headers",
	[ELF_PROGRAM_HEADERS_CUT] = "the program headers lie outside the file",
	[ELF_NO_SEGMENTS] = "no segment to load",
	[ELF_TOO_MANY_SEGMENTS] = "more than 12 segments to load",
	[ELF_SEGMENT_CUT] = "a segment lies outside the file",
	[ELF_SEGMENT_LARGER_IN_FILE] = "a segment is larger in the file than in memory",
	[ELF_SEGMENT_OVERFLOWS] = "a segment's address and size exceed 64 bits",
	[ELF_SEGMENT_UNALIGNED] =
		"a segment's alignment is no power of two or does not fit its address and offset",
	[ELF_SEGMENTS_OVERLAP] = "two segments overlap in memory",
	[ELF_SEGMENTS_UNORDERED] = "the segments are not in order of address",
	[ELF_SEGMENTS_SHARE_PAGE] = "two segments share a page of memory",
	[ELF_SEGMENT_WRITABLE_AND_EXECUTABLE] = "a segment is writable and executable",
	[ELF_STACK_EXECUTABLE] = "it wants an executable stack",
	[ELF_IMAGE_TOO_BIG] = "the segments span more than 4 GiB of memory",
	[ELF_ENTRY_NOT_EXECUTABLE] = "the entry point is not in an executable segment",
	[ELF_INTERPRETER_BAD] =
		"the interpreter's path lies outside the file, is empty or has no zero at its end",
	[ELF_TLS_BAD] = "the thread-local storage lies outside the segments",
	[ELF_DYNAMIC_BAD] = "the dynamic section lies outside the segments",
	[ELF_RELOCATIONS_BAD] =
		"a relocation table lies outside the segments or has entries of an unknown size",
	[ELF_RELOCATION_OUTSIDE] =
		"a relocation changes a place outside the segments or in an executable one",
	[ELF_RELOCATION_UNSUPPORTED] =
		"a relocation other than R_X86_64_RELATIVE (it needs a dynamic linker)",
};

const char *elf_problem_text(enum elf_problem problem)
{
	return problem < COUNT(texts) ? AT(texts, problem) : "unknown problem";
}
