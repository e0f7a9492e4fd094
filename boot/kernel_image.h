// SPDX-License-Identifier: MIT
// kernel_image.h - the kernel's ELF file: a static PIE for x86-64 with relative relocations only.
// parse checks and changes nothing; load copies and relocates.
#pragma once

#include "boot/complaint.h"
#include "lib/base/elf.h"

NONNULL_BEGIN

struct kernel_segment {
	u64 offset; // from the start of the image; both whole pages
	u64 size;
	bool is_writable;
	bool is_executable;
};

struct kernel_image {
	struct elf elf;
	u64 link_vaddr; // of the first segment, 2 MiB aligned
	u64 size;       // whole pages
	u64 entry_offset;
	u32 segment_count;
	struct kernel_segment segments[ELF_SEGMENTS_MAX]; // ascending, no overlap
};

// Keeps a view of the file.
err_t kernel_image_parse(view_t file, struct kernel_image *image, struct complaint *complaint);

// memory: at least image->size bytes. slide: what to add to every link-time address.
err_t kernel_image_load(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint);

NONNULL_END
