// SPDX-License-Identifier: MIT
// handover.c - the checks that both doors share.
#include "boot/handover.h"

enum firmware_range : u32 {
	FIRMWARE_RAM = 1,
	FIRMWARE_ACPI = 3,
};

static u32 range_kind(u32 type)
{
	if (type == FIRMWARE_RAM)
		return BOOT_RANGE_USABLE;
	return type == FIRMWARE_ACPI ? BOOT_RANGE_ACPI : BOOT_RANGE_RESERVED;
}

err_t handover_add_range(
	struct handover *handover, u64 base, u64 size, u32 type, struct complaint *complaint)
{
	if (!size)
		return OK;
	if (size > UINT64_MAX - base)
		return complain(complaint, "a memory range wraps around, at", base);
	if (handover->range_count >= HANDOVER_RANGES_MAX)
		return complain(complaint, "more memory ranges than", HANDOVER_RANGES_MAX);
	AT(handover->ranges, handover->range_count) =
		(struct boot_range){ .base = base, .size = size, .kind = range_kind(type) };
	handover->range_count++;
	return OK;
}

err_t handover_set_command_line(struct handover *handover, view_t text, struct complaint *complaint)
{
	usize size = view_find(text, 0);
	if (size >= BOOT_COMMAND_LINE_MAX)
		return complain(complaint, "command line longer than", BOOT_COMMAND_LINE_MAX - 1);
	span_t line = span_of(handover->command_line);
	span_fill(line, 0);
	return span_copy(line, view_clamp(text, 0, size));
}

err_t handover_set_boot_image(
	struct handover *handover, u64 paddr, u64 size, struct complaint *complaint)
{
	if (handover->boot_image_size || !size)
		return OK;
	if (!paddr || size > UINT64_MAX / 2 || paddr > UINT64_MAX / 2)
		return complain(complaint, "impossible place of the boot image", paddr);
	handover->boot_image_paddr = paddr;
	handover->boot_image_size = size;
	return OK;
}
