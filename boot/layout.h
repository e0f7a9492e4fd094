// SPDX-License-Identifier: MIT
// layout.h - where things go: physical places of kernel, tables and boot_info, the two random
// virtual bases, and the first address space.
#pragma once

#include "boot/boot_info.h"
#include "boot/kernel_image.h"
#include "boot/memory_map.h"
#include "boot/paging.h"

NONNULL_BEGIN

constexpr u64 LAYOUT_KERNEL_TOP = 0xfffffffffff00000; // the last MiB stays empty

struct layout_choice {
	u32 kernel_place; // all: 0 lowest ... UINT32_MAX highest
	u32 kernel_slide;
	u32 direct_map;
	u32 tables_place;
};

struct layout {
	struct kernel_image image;
	struct memory_map map;
	u64 kernel_paddr;
	u64 kernel_slide;
	u64 direct_map_vaddr;
	u64 direct_map_size;
	u64 tables_paddr;
	u64 tables_size;
	u64 boot_info_paddr;
	u64 symbols_paddr;
	u64 cpu_start_paddr; // 0: none
	u64 identity_paddr;  // the trampoline page
};

// Needs image, map (with all foreign owners claimed) and identity_paddr; fills in the rest.
err_t layout_choose(struct layout *layout, const struct layout_choice *choice, u64 symbols_size,
	struct complaint *complaint);

// Builds the address space that layout_choose planned.
err_t layout_map(const struct layout *layout, struct paging *paging, struct complaint *complaint);

NONNULL_END
