// SPDX-License-Identifier: MIT
// multiboot2.h - the tag list that GRUB hands over, on BIOS and UEFI machines alike.
#pragma once

#include "boot/handover.h"
#include "boot/physical.h"

NONNULL_BEGIN

constexpr u32 MULTIBOOT2_DOOR = 0x36d76289; // in eax at entry

err_t multiboot2_parse(
	physical_t memory, u64 info_paddr, struct handover *handover, struct complaint *complaint);

NONNULL_END
