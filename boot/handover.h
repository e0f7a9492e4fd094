// SPDX-License-Identifier: MIT
// handover.h - what came in through either door, in one shape. Everything is copied out of the
// firmware's memory, but for the RSDP view, which is read before the loader writes anywhere.
#pragma once

#include "boot/boot_info.h"
#include "boot/complaint.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 HANDOVER_RANGES_MAX = 256;

struct handover {
	u32 range_count;
	struct boot_range ranges[HANDOVER_RANGES_MAX]; // as reported: any order, may overlap
	struct boot_framebuffer framebuffer;
	u64 boot_image_paddr;
	u64 boot_image_size; // 0: none
	u64 rsdp_paddr;      // 0: not told
	view_t rsdp;         // empty: not told
	char command_line[BOOT_COMMAND_LINE_MAX];
};

// Type as in the firmware's (e820) numbering.
err_t handover_add_range(
	struct handover *handover, u64 base, u64 size, u32 type, struct complaint *complaint);

// Takes what stands before the first zero; a longer line than we hold is refused.
err_t handover_set_command_line(
	struct handover *handover, view_t text, struct complaint *complaint);

// Refuses an image that wraps or is absurdly large. Only the first one counts.
err_t handover_set_boot_image(
	struct handover *handover, u64 paddr, u64 size, struct complaint *complaint);

NONNULL_END
