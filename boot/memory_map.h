// SPDX-License-Identifier: MIT
// memory_map.h - who owns which physical memory: sorted page-aligned ranges without overlap.
// Later paint covers earlier paint. Memory is handed out by place, then claim.
#pragma once

#include "boot/boot_info.h"
#include "boot/handover.h"

NONNULL_BEGIN

constexpr u64 MEMORY_LIMIT = 4ull << 40; // RAM above 4 TiB is left alone

struct memory_map {
	u32 count;
	struct boot_range ranges[BOOT_RANGES_MAX];
};

struct memory_request {
	u64 size;
	u64 alignment; // a power of two, whole pages
	u64 low;       // not below
	u64 high;      // not beyond
};

// From the firmware's list: RAM first, then ACPI over it, then what is reserved over both.
err_t memory_map_build(
	struct memory_map *map, const struct handover *handover, struct complaint *complaint);

// ERR_TOO_BIG when the map is full; then it is unchanged.
err_t memory_map_paint(struct memory_map *map, u64 base, u64 size, u32 kind);

// Paints over usable memory only: ERR_NOT_FOUND when a part of it is something else.
err_t memory_map_claim(struct memory_map *map, u64 base, u64 size, u32 kind);

// Paints the pages of a firmware table as ACPI, whatever the firmware called them: ERR_EXISTS when
// one of them has an owner already. The address and size come from outside.
err_t memory_map_keep_table(struct memory_map *map, u64 paddr, u64 size);

// One of all places in usable memory where the request fits: fraction 0 is the lowest, UINT32_MAX
// the highest, anything between them lies evenly between. ERR_NO_MEMORY when there is none.
err_t memory_map_place(
	const struct memory_map *map, const struct memory_request *request, u32 fraction, u64 *base);

NONNULL_END
