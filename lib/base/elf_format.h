// SPDX-License-Identifier: MIT
// elf_format.h - the file format: System V ABI, "Object Files", and its x86_64 supplement.
#pragma once

#include "abi/types.h"

struct elf_header {
	u8 magic[4];
	u8 class;
	u8 byte_order;
	u8 identification_version;
	u8 abi;
	u8 padding[8];
	u16 type;
	u16 machine;
	u32 version;
	u64 entry;
	u64 program_headers_offset;
	u64 section_headers_offset;
	u32 flags;
	u16 header_size;
	u16 program_header_size;
	u16 program_headers;
	u16 section_header_size;
	u16 section_headers;
	u16 section_names;
};
static_assert(sizeof(struct elf_header) == 64);

struct elf_program_header {
	u32 type;
	u32 flags;
	u64 file_offset;
	u64 address;
	u64 physical_address;
	u64 file_size;
	u64 memory_size;
	u64 alignment;
};
static_assert(sizeof(struct elf_program_header) == 56);

struct elf_dynamic {
	u64 tag;
	u64 value;
};

struct elf_rela {
	u64 address;
	u64 info; // type in the low 32 bits, symbol above
	u64 addend;
};

enum elf_constant : u32 {
	ELF_CLASS_64 = 2,
	ELF_LITTLE_ENDIAN = 1,
	ELF_VERSION = 1,
	ELF_TYPE_EXECUTABLE = 2,
	ELF_TYPE_DYNAMIC = 3,
	ELF_MACHINE_X86_64 = 62,
	ELF_RELOCATION_NONE = 0,
	ELF_RELOCATION_RELATIVE = 8,
};

enum elf_program_header_type : u32 {
	PROGRAM_LOAD = 1,
	PROGRAM_DYNAMIC = 2,
	PROGRAM_INTERPRETER = 3,
	PROGRAM_TLS = 7,
	PROGRAM_STACK = 0x6474e551,
};

enum elf_dynamic_tag : u64 {
	DYNAMIC_END = 0,
	DYNAMIC_RELA = 7,
	DYNAMIC_RELA_SIZE = 8,
	DYNAMIC_RELA_ENTRY_SIZE = 9,
	DYNAMIC_REL = 17,
	DYNAMIC_PLT_RELOCATIONS = 23,
	DYNAMIC_RELR_SIZE = 35,
	DYNAMIC_RELR = 36,
	DYNAMIC_RELR_ENTRY_SIZE = 37,
};
