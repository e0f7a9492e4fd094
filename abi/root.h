// SPDX-License-Identifier: MIT
// root.h - what the kernel hands to the first program: rdi of its first thread is the address of a
// struct root_info, at the top of its stack. All authority in the system begins with these handles.
#pragma once

#include "abi/types.h"

constexpr u32 ROOT_MAGIC = 0x746f6f52; // "Root"
constexpr u32 ROOT_VERSION = 1;
constexpr u32 ROOT_COMMAND_LINE = 1024; // with the closing zero
constexpr u64 ROOT_IDENTITY = 1;
// The supervisor ends with this and the machine's code below it; any other end is a death of its
// own.
constexpr u64 ROOT_SYSTEM_END = 1ull << 32;

struct root_info {
	u32 magic;
	u32 version;
	u32 size;         // sizeof(struct root_info)
	u32 cpu_count;    // that the machine has; they may not run yet
	handle_t process; // itself, all rights
	handle_t thread;
	handle_t quota;        // everything there is
	handle_t resource;     // root resource: any other can be derived
	handle_t console;      // resource: the debug console
	handle_t time_page;    // memory, one page, read-only: struct time_page
	handle_t boot_image;   // memory, read-only; HANDLE_NONE: none was given
	u32 boot_image_offset; // of its first byte in that memory
	u64 boot_image_size;   // bytes
	u64 random[2];
	u64 stack_size;          // below this struct; under it lies a guard page
	u64 acpi_root;           // physical address of the ACPI root table, XSDT or RSDT; 0: none
	u64 framebuffer_address; // physical; 0: none
	// Bits of a dot; 0: cells of text, a character and its colours, width and height count those.
	u32 framebuffer_pitch, framebuffer_width, framebuffer_height, framebuffer_bits;
	char command_line[ROOT_COMMAND_LINE];
};
static_assert(sizeof(struct root_info) == 1136);
