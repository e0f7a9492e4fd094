// SPDX-License-Identifier: MIT
// kernel_image.h - the kernel's ELF file: a static PIE for x86-64 with relative relocations only.
// parse checks everything and changes nothing; load copies and relocates.
#pragma once

#include "boot/complaint.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 KERNEL_SEGMENTS_MAX = 8;

struct kernel_segment {
	u64 offset; // from the start of the image; both whole pages
	u64 size;
	view_t bytes; // from the file; the rest is zero
	bool is_writable;
	bool is_executable;
};

struct kernel_image {
	u64 link_vaddr; // of the first segment, 2 MiB aligned
	u64 size;       // whole pages
	u64 entry_offset;
	u32 segment_count;
	struct kernel_segment segments[KERNEL_SEGMENTS_MAX]; // ascending, no overlap
	u64 rela_offset;                                     // of tables inside the image; size 0: none
	u64 rela_size;
	u64 relr_offset;
	u64 relr_size;
};

err_t kernel_image_parse(view_t file, struct kernel_image *image, struct complaint *complaint);

// memory: at least image->size bytes. slide: what to add to every link-time address.
err_t kernel_image_load(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint);

NONNULL_END
