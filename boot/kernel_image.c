// SPDX-License-Identifier: MIT
// kernel_image.c - program headers to segments, the dynamic section to relocation tables. After the
// copy the tables are read from the image itself, as they lie in its read-only segment.
// Manual: System V ABI (gABI) chapters 4 and 5; x86-64 psABI section 4.4.
#include "boot/kernel_image.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"

constexpr u32 IMAGE_BYTES_MAX = 256 * 1024 * 1024;
constexpr u32 HEADERS_MAX = 32;

enum elf : u32 {
	ELF_TYPE_DYN = 3,
	ELF_MACHINE_X86_64 = 62,
	ELF_LOAD = 1,
	ELF_DYNAMIC = 2,
	ELF_INTERPRETER = 3,
	ELF_EXECUTE = 1,
	ELF_WRITE = 2,
	ELF_TAG_END = 0,
	ELF_TAG_RELA = 7,
	ELF_TAG_RELA_SIZE = 8,
	ELF_TAG_REL = 17,
	ELF_TAG_RELR_SIZE = 35,
	ELF_TAG_RELR = 36,
	ELF_RELOCATION_NONE = 0,
	ELF_RELOCATION_RELATIVE = 8,
};

struct elf_header {
	u8 identity[16];
	u16 type;
	u16 machine;
	u32 version;
	u64 entry;
	u64 program_headers;
	u64 section_headers;
	u32 flags;
	u16 header_size;
	u16 program_header_size;
	u16 program_header_count;
	u16 section_header_size;
	u16 section_header_count;
	u16 section_names;
};

struct program_header {
	u32 type;
	u32 flags;
	u64 offset;
	u64 vaddr;
	u64 paddr;
	u64 file_size;
	u64 size;
	u64 alignment;
};

struct dynamic_entry {
	u64 tag;
	u64 value;
};

struct relocation {
	u64 vaddr;
	u64 info;
	u64 addend;
};

static_assert(sizeof(struct elf_header) == 64);
static_assert(sizeof(struct program_header) == 56);

static err_t part_of_file(view_t file, u64 offset, u64 size, view_t *part)
{
	TRY(checked_range(offset, size, file.size));
	return view_sub(file, (usize)offset, (usize)size, part);
}

static err_t load_header(view_t file, struct elf_header *header, struct complaint *complaint)
{
	if (view_load(file, 0, (span_t){ (u8 *)header, sizeof *header }) != OK)
		return complain(complaint, "kernel: file too short:", file.size);
	// Class 2: 64 bit; data 1: little endian; version 1.
	if (!view_starts_with(file, VIEW_TEXT("\177ELF\2\1\1")))
		return complain(complaint, "kernel: not a 64-bit ELF file, starts with", header->identity[0]);
	if (header->machine != ELF_MACHINE_X86_64 || header->type != ELF_TYPE_DYN)
		return complain(complaint, "kernel: not a static PIE for x86-64, type", header->type);
	if (header->program_header_size != sizeof(struct program_header) ||
		!header->program_header_count || header->program_header_count > HEADERS_MAX)
		return complain(
			complaint, "kernel: bad number of program headers:", header->program_header_count);
	return OK;
}

static err_t add_segment(view_t file, const struct program_header *header,
	struct kernel_image *image, struct complaint *complaint)
{
	struct kernel_segment segment = { .is_writable = header->flags & ELF_WRITE,
		.is_executable = header->flags & ELF_EXECUTE };
	if (!header->size)
		return OK;
	if (!image->segment_count)
		image->link_vaddr = header->vaddr;
	segment.offset = header->vaddr - image->link_vaddr;
	if (!is_aligned(image->link_vaddr, LARGE_PAGE_SIZE) || !is_aligned(header->vaddr, PAGE_SIZE))
		return complain(complaint, "kernel: misaligned segment at", header->vaddr);
	if (header->vaddr < image->link_vaddr + image->size || segment.offset > IMAGE_BYTES_MAX ||
		header->size > IMAGE_BYTES_MAX - segment.offset)
		return complain(complaint, "kernel: segments overlap or are too large, at", header->vaddr);
	if (segment.is_writable && segment.is_executable)
		return complain(complaint, "kernel: writable and executable segment at", header->vaddr);
	if (header->file_size > header->size ||
		part_of_file(file, header->offset, header->file_size, &segment.bytes) != OK)
		return complain(complaint, "kernel: segment outside of the file, at", header->vaddr);
	if (image->segment_count == KERNEL_SEGMENTS_MAX)
		return complain(complaint, "kernel: more segments than", KERNEL_SEGMENTS_MAX);
	segment.size = align_up(header->size, PAGE_SIZE);
	image->size = segment.offset + segment.size;
	AT(image->segments, image->segment_count) = segment;
	image->segment_count++;
	return OK;
}

static err_t add_dynamic(view_t table, struct kernel_image *image, struct complaint *complaint)
{
	struct dynamic_entry entry = { .tag = ~ELF_TAG_END };
	for (usize at = 0; entry.tag != ELF_TAG_END; at += sizeof entry) {
		if (view_load(table, at, span_of(entry)) != OK)
			return complain(complaint, "kernel: dynamic section without an end", table.size);
		if (entry.tag == ELF_TAG_RELA)
			image->rela_offset = entry.value - image->link_vaddr;
		if (entry.tag == ELF_TAG_RELA_SIZE)
			image->rela_size = entry.value;
		if (entry.tag == ELF_TAG_RELR)
			image->relr_offset = entry.value - image->link_vaddr;
		if (entry.tag == ELF_TAG_RELR_SIZE)
			image->relr_size = entry.value;
		if (entry.tag == ELF_TAG_REL)
			return complain(complaint, "kernel: relocations without addends at", entry.value);
	}
	return OK;
}

static err_t check_image(const struct kernel_image *image, struct complaint *complaint)
{
	if (checked_range(image->rela_offset, image->rela_size, image->size) != OK ||
		image->rela_size % sizeof(struct relocation))
		return complain(complaint, "kernel: bad relocation table (RELA), bytes:", image->rela_size);
	if (checked_range(image->relr_offset, image->relr_size, image->size) != OK ||
		image->relr_size % sizeof(u64))
		return complain(complaint, "kernel: bad relocation table (RELR), bytes:", image->relr_size);
	for (u32 i = 0; i < image->segment_count; i++) {
		const struct kernel_segment *segment = &AT(image->segments, i);
		u64 inside = image->entry_offset - segment->offset;
		if (segment->is_executable && inside < segment->size)
			return OK;
	}
	return complain(complaint, "kernel: entry outside of its code, at", image->entry_offset);
}

err_t kernel_image_parse(view_t file, struct kernel_image *image, struct complaint *complaint)
{
	struct elf_header header;
	struct program_header part;
	struct kernel_image parsed = {};
	view_t dynamic = {};
	TRY(load_header(file, &header, complaint));
	for (u32 i = 0; i < header.program_header_count; i++) {
		view_t bytes;
		if (header.program_headers > file.size ||
			part_of_file(file, header.program_headers + i * sizeof part, sizeof part, &bytes) != OK)
			return complain(complaint, "kernel: program header outside of the file:", i);
		TRY(view_load(bytes, 0, span_of(part)));
		if (part.type == ELF_INTERPRETER)
			return complain(complaint, "kernel: wants an interpreter, header", i);
		if (part.type == ELF_LOAD)
			TRY(add_segment(file, &part, &parsed, complaint));
		if (part.type == ELF_DYNAMIC &&
			part_of_file(file, part.offset, part.file_size, &dynamic) != OK)
			return complain(complaint, "kernel: dynamic section outside of the file:", part.offset);
	}
	if (dynamic.size)
		TRY(add_dynamic(dynamic, &parsed, complaint));
	parsed.entry_offset = header.entry - parsed.link_vaddr;
	TRY(check_image(&parsed, complaint));
	*image = parsed;
	return OK;
}

static err_t load_word(span_t memory, u64 offset, u64 *word)
{
	TRY(checked_range(offset, sizeof *word, memory.size));
	return view_load(span_view(memory), (usize)offset, (span_t){ (u8 *)word, sizeof *word });
}

static err_t store_word(span_t memory, u64 offset, u64 word)
{
	TRY(checked_range(offset, sizeof word, memory.size));
	return span_copy(span_from_offset(memory, (usize)offset), view_of(word));
}

static err_t apply_rela(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint)
{
	struct relocation relocation;
	for (u64 at = 0; at < image->rela_size; at += sizeof relocation) {
		usize offset = (usize)(image->rela_offset + at);
		TRY(view_load(span_view(memory), offset, span_of(relocation)));
		if (relocation.info == ELF_RELOCATION_NONE)
			continue;
		if (relocation.info != ELF_RELOCATION_RELATIVE)
			return complain(complaint, "kernel: relocation of a kind not allowed:", relocation.info);
		u64 value = relocation.addend + slide;
		if (store_word(memory, relocation.vaddr - image->link_vaddr, value) != OK)
			return complain(complaint, "kernel: relocation outside, at", relocation.vaddr);
	}
	return OK;
}

static err_t slide_word(
	const struct kernel_image *image, span_t memory, u64 vaddr, u64 slide, struct complaint *complaint)
{
	u64 word;
	u64 offset = vaddr - image->link_vaddr;
	if (load_word(memory, offset, &word) != OK || store_word(memory, offset, word + slide) != OK)
		return complain(complaint, "kernel: relocation outside, at", vaddr);
	return OK;
}

// An even word is an address to relocate; an odd one tells by 63 bits which of the next 63 words
// are to be relocated too.
static err_t apply_relr(
	const struct kernel_image *image, span_t memory, u64 slide, struct complaint *complaint)
{
	u64 next = 0;
	for (u64 at = 0; at < image->relr_size; at += sizeof(u64)) {
		u64 word;
		TRY(load_word(memory, image->relr_offset + at, &word));
		if (!(word & 1)) {
			TRY(slide_word(image, memory, word, slide, complaint));
			next = word + sizeof(u64);
			continue;
		}
		for (u32 bit = 1; bit < 64; bit++) {
			if (bits_test(word, bit))
				TRY(slide_word(image, memory, next + (bit - 1) * sizeof(u64), slide, complaint));
		}
		next += 63 * sizeof(u64);
	}
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
		const struct kernel_segment *segment = &AT(image->segments, i);
		TRY(span_copy(span_from_offset(all, (usize)segment->offset), segment->bytes));
	}
	TRY(apply_rela(image, all, slide, complaint));
	return apply_relr(image, all, slide, complaint);
}
