// SPDX-License-Identifier: MIT
// elf_problem.c - what is wrong with a program, in words.
#include "lib/base/elf.h"

const char *elf_problem_text(enum elf_problem problem)
{
	switch (problem) {
	case ELF_GOOD: return "good";
	case ELF_HEADER_CUT: return "the file ends within the ELF header";
	case ELF_BAD_MAGIC: return "the file does not begin with 7f 45 4c 46 (not an ELF file)";
	case ELF_WRONG_CLASS: return "not a 64-bit ELF file";
	case ELF_WRONG_BYTE_ORDER: return "not a little-endian ELF file";
	case ELF_WRONG_VERSION: return "unknown ELF version";
	case ELF_WRONG_TYPE: return "neither an executable nor a position-independent executable";
	case ELF_WRONG_MACHINE: return "not for x86_64";
	case ELF_WRONG_HEADER_SIZE: return "the ELF header or its program headers have an unknown size";
	case ELF_NO_PROGRAM_HEADERS: return "no program headers";
	case ELF_TOO_MANY_PROGRAM_HEADERS: return "more than 64 program headers";
	case ELF_PROGRAM_HEADERS_CUT: return "the program headers lie outside the file";
	case ELF_NO_SEGMENTS: return "no segment to load";
	case ELF_TOO_MANY_SEGMENTS: return "more than 12 segments to load";
	case ELF_SEGMENT_CUT: return "a segment lies outside the file";
	case ELF_SEGMENT_LARGER_IN_FILE: return "a segment is larger in the file than in memory";
	case ELF_SEGMENT_OVERFLOWS: return "a segment's address and size exceed 64 bits";
	case ELF_SEGMENT_UNALIGNED:
		return "a segment's alignment is no power of two or does not fit its address and offset";
	case ELF_SEGMENTS_OVERLAP: return "two segments overlap in memory";
	case ELF_SEGMENTS_UNORDERED: return "the segments are not in order of address";
	case ELF_SEGMENTS_SHARE_PAGE: return "two segments share a page of memory";
	case ELF_SEGMENT_WRITABLE_AND_EXECUTABLE: return "a segment is writable and executable";
	case ELF_STACK_EXECUTABLE: return "it wants an executable stack";
	case ELF_IMAGE_TOO_BIG: return "the segments span more than 4 GiB of memory";
	case ELF_ENTRY_NOT_EXECUTABLE: return "the entry point is not in an executable segment";
	case ELF_INTERPRETER_BAD:
		return "the interpreter's path lies outside the file, is empty or has no zero at its end";
	case ELF_TLS_BAD: return "the thread-local storage lies outside the segments";
	case ELF_DYNAMIC_BAD: return "the dynamic section lies outside the segments";
	case ELF_RELOCATIONS_BAD:
		return "a relocation table lies outside the segments or has entries of an unknown size";
	case ELF_RELOCATION_OUTSIDE:
		return "a relocation changes a place outside the segments or in an executable one";
	case ELF_RELOCATION_UNSUPPORTED:
		return "a relocation other than R_X86_64_RELATIVE (it needs a dynamic linker)";
	}
	return "unknown problem";
}
