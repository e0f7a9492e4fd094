// SPDX-License-Identifier: MIT
// multiboot2.h - the tag list that GRUB and boot/cd hand over, on BIOS and UEFI machines alike.
#pragma once

#include "boot/handover.h"
#include "boot/physical.h"

NONNULL_BEGIN

constexpr u32 MULTIBOOT2_DOOR = 0x36d76289; // in eax at entry

enum multiboot2_tag : u32 {
	MULTIBOOT2_END = 0,
	MULTIBOOT2_COMMAND_LINE = 1,
	MULTIBOOT2_MODULE = 3,
	MULTIBOOT2_MEMORY_MAP = 6,
	MULTIBOOT2_FRAMEBUFFER = 8,
	MULTIBOOT2_OLD_RSDP = 14,
	MULTIBOOT2_NEW_RSDP = 15,
};

enum multiboot2_color : u8 {
	MULTIBOOT2_COLOR_RGB = 1,
	MULTIBOOT2_COLOR_TEXT = 2,
};

err_t multiboot2_parse(
	physical_t memory, u64 info_paddr, struct handover *handover, struct complaint *complaint);

NONNULL_END
