// SPDX-License-Identifier: MIT
// kernel_image.c - what a kernel must be beyond a good ELF file; then segments and relocations into
// memory that is not yet mapped at the kernel's own addresses.
#include "boot/kernel_image.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"

constexpr u64 IMAGE_BYTES_MAX = 256 * 1024 * 1024;

static err_t check_kind(const struct elf *elf, struct complaint *complaint)
{
	if (!elf->is_relocatable)
		return complain(complaint, "kernel: not position-independent, entry", elf->entry);
	if (elf->interpreter.size)
		return complain(complaint, "kernel: wants an interpreter, entry", elf->entry);
	if (!is_aligned(elf->low, LARGE_PAGE_SIZE))
		return complain(complaint, "kernel: not linked at a multiple of 2 MiB:", elf->low);
	if (elf->high - elf->low > IMAGE_BYTES_MAX)
		return complain(complaint, "kernel: too large, bytes:", elf->high - elf->low);
	return OK;
}

static err_t take_segments(struct kernel_image *image, struct complaint *complaint)
{
	for (u32 i = 0; i < image->elf.segments; i++) {
		const struct elf_segment *segment = &AT(image->elf.segment, i);
		if (!is_aligned(segment->address, PAGE_SIZE))
			return complain(complaint, "kernel: misaligned segment at", segment->address);
		AT(image->segments, i) = (struct kernel_segment){
			.offset = segment->address - image->elf.low,
			.size = align_up(segment->memory_size, PAGE_SIZE),
			.is_writable = segment->flags & ELF_WRITE,
			.is_executable = segment->flags & ELF_EXECUTE,
		};
	}
	image->segment_count = image->elf.segments;
	return OK;
}

err_t kernel_image_parse(view_t file, struct kernel_image *image, struct complaint *complaint)
{
	struct kernel_image parsed = {};
	enum elf_problem problem = elf_parse(file, &parsed.elf);
	if (problem != ELF_GOOD)
		return complain(complaint, elf_problem_text(problem), file.size);
	TRY(check_kind(&parsed.elf, complaint));
	TRY(take_segments(&parsed, complaint));
	parsed.link_vaddr = parsed.elf.low;
	parsed.size = parsed.elf.high - parsed.elf.low;
	parsed.entry_offset = parsed.elf.entry - parsed.elf.low;
	*image = parsed;
	return OK;
}

static err_t store_word(span_t memory, u64 offset, u64 word)
{
	TRY(checked_range(offset, sizeof word, memory.size));
	return span_copy(span_from_offset(memory, (usize)offset), view_of(word));
}

static err_t relocate(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint)
{
	struct elf_relocations list;
	struct elf_relocation relocation;
	enum elf_problem problem = elf_relocations_init(&list, &image->elf);
	if (problem != ELF_GOOD)
		return complain(complaint, elf_problem_text(problem), image->link_vaddr);
	while (elf_relocation_next(&list, &relocation)) {
		u64 offset = relocation.address - image->link_vaddr;
		if (store_word(memory, offset, relocation.addend + slide) != OK)
			return complain(complaint, "kernel: relocation outside, at", relocation.address);
	}
	if (list.problem != ELF_GOOD)
		return complain(complaint, elf_problem_text(list.problem), relocation.address);
	return OK;
}

err_t kernel_image_load(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint)
{
	if (memory.size < image->size)
		return complain(complaint, "kernel: too little memory for it, bytes:", memory.size);
	span_t all = span_clamp(memory, 0, (usize)image->size);
	span_fill(all, 0);
	for (u32 i = 0; i < image->segment_count; i++) {
		view_t bytes = elf_segment_bytes(&image->elf, &AT(image->elf.segment, i));
		span_t place = span_from_offset(all, (usize)AT(image->segments, i).offset);
		TRY(span_copy(place, bytes));
	}
	return relocate(image, all, slide, complaint);
}
