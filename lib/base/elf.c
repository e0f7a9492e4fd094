// SPDX-License-Identifier: MIT
// elf.c - header -> program headers -> segments, each checked before the next is believed.
// Not here: relocations (elf_relocation.c), the words for what is wrong (elf_problem.c).
#include "lib/base/elf.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/elf_format.h"

// As TRY, for problems.
#define CHECK_PROBLEM(expression)                                                                  \
	do {                                                                                           \
		enum elf_problem check_problem_ = (expression);                                            \
		if (check_problem_ != ELF_GOOD)                                                            \
			return check_problem_;                                                                 \
	} while (0)

static bool load(view_t file, u64 offset, span_t object)
{
	usize at;
	return checked_usize(offset, &at) == OK && view_load(file, at, object) == OK;
}

static enum elf_problem header_check(const struct elf_header *header)
{
	if (!view_equal(view_of(header->magic), VIEW_TEXT("\x7f"
													  "ELF")))
		return ELF_BAD_MAGIC;
	if (header->class != ELF_CLASS_64)
		return ELF_WRONG_CLASS;
	if (header->byte_order != ELF_LITTLE_ENDIAN)
		return ELF_WRONG_BYTE_ORDER;
	if (header->identification_version != ELF_VERSION || header->version != ELF_VERSION)
		return ELF_WRONG_VERSION;
	if (header->type != ELF_TYPE_EXECUTABLE && header->type != ELF_TYPE_DYNAMIC)
		return ELF_WRONG_TYPE;
	if (header->machine != ELF_MACHINE_X86_64)
		return ELF_WRONG_MACHINE;
	if (header->program_headers == 0)
		return ELF_NO_PROGRAM_HEADERS;
	if (header->program_headers > ELF_PROGRAM_HEADERS_MAX)
		return ELF_TOO_MANY_PROGRAM_HEADERS;
	if (header->header_size != sizeof(struct elf_header) ||
		header->program_header_size != sizeof(struct elf_program_header))
		return ELF_WRONG_HEADER_SIZE;
	return ELF_GOOD;
}

static struct elf_segment segment_of(const struct elf_program_header *header)
{
	return (struct elf_segment){
		.address = header->address,
		.memory_size = header->memory_size,
		.file_offset = header->file_offset,
		.file_size = header->file_size,
		.alignment = header->alignment ? header->alignment : 1,
		.flags = header->flags & (ELF_READ | ELF_WRITE | ELF_EXECUTE),
	};
}

static enum elf_problem segment_check(const struct elf *elf, const struct elf_segment *segment)
{
	u64 end;
	if (checked_range(segment->file_offset, segment->file_size, elf->file.size) != OK)
		return ELF_SEGMENT_CUT;
	if (segment->file_size > segment->memory_size)
		return ELF_SEGMENT_LARGER_IN_FILE;
	if (checked_add(segment->address, segment->memory_size, &end) != OK ||
		checked_align_up(end, PAGE_SIZE, &end) != OK)
		return ELF_SEGMENT_OVERFLOWS;
	u64 difference = segment->address - segment->file_offset;
	if (!is_power_of_two(segment->alignment) || !is_aligned(difference, segment->alignment) ||
		!is_aligned(difference, PAGE_SIZE))
		return ELF_SEGMENT_UNALIGNED;
	if ((segment->flags & ELF_WRITE) && (segment->flags & ELF_EXECUTE))
		return ELF_SEGMENT_WRITABLE_AND_EXECUTABLE;
	return ELF_GOOD;
}

// Against the one before, which is the highest so far.
static enum elf_problem order_check(
	const struct elf_segment *before, const struct elf_segment *segment)
{
	u64 end = before->address + before->memory_size;
	if (segment->address < before->address) {
		u64 segment_end = segment->address + segment->memory_size;
		return segment_end > before->address ? ELF_SEGMENTS_OVERLAP : ELF_SEGMENTS_UNORDERED;
	}
	if (segment->address < end)
		return ELF_SEGMENTS_OVERLAP;
	if (align_down(segment->address, PAGE_SIZE) < align_up(end, PAGE_SIZE))
		return ELF_SEGMENTS_SHARE_PAGE;
	return ELF_GOOD;
}

static enum elf_problem segment_add(struct elf *elf, const struct elf_segment *segment)
{
	if (segment->memory_size == 0 && segment->file_size == 0)
		return ELF_GOOD;
	CHECK_PROBLEM(segment_check(elf, segment));
	if (elf->segments == ELF_SEGMENTS_MAX)
		return ELF_TOO_MANY_SEGMENTS;
	if (elf->segments == 0)
		elf->low = align_down(segment->address, PAGE_SIZE);
	else
		CHECK_PROBLEM(order_check(&AT(elf->segment, elf->segments - 1), segment));
	elf->high = align_up(segment->address + segment->memory_size, PAGE_SIZE);
	if (elf->high - elf->low > ELF_IMAGE_SIZE_MAX)
		return ELF_IMAGE_TOO_BIG;
	elf->alignment = max_u64(elf->alignment, segment->alignment);
	AT(elf->segment, elf->segments) = *segment;
	elf->segments++;
	return ELF_GOOD;
}

static enum elf_problem interpreter_set(struct elf *elf, const struct elf_segment *path)
{
	usize offset, size;
	view_t text;
	if (checked_usize(path->file_offset, &offset) != OK ||
		checked_usize(path->file_size, &size) != OK ||
		view_sub(elf->file, offset, size, &text) != OK)
		return ELF_INTERPRETER_BAD;
	elf->interpreter = view_clamp(text, 0, view_find(text, 0));
	if (elf->interpreter.size == 0 || elf->interpreter.size == text.size)
		return ELF_INTERPRETER_BAD;
	return ELF_GOOD;
}

static enum elf_problem program_header_use(struct elf *elf, const struct elf_program_header *header)
{
	struct elf_segment segment = segment_of(header);
	switch ((enum elf_program_header_type)header->type) {
	case PROGRAM_LOAD: return segment_add(elf, &segment);
	case PROGRAM_DYNAMIC: elf->dynamic = segment; return ELF_GOOD;
	case PROGRAM_INTERPRETER: return interpreter_set(elf, &segment);
	case PROGRAM_TLS: elf->tls = segment; return ELF_GOOD;
	case PROGRAM_STACK: return segment.flags & ELF_EXECUTE ? ELF_STACK_EXECUTABLE : ELF_GOOD;
	}
	return ELF_GOOD; // the rest is advice
}

// The segment whose file bytes hold all of [address, address + size).
static const struct elf_segment *_Nullable file_bytes_at(
	const struct elf *elf, u64 address, u64 size)
{
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		if (address >= segment->address &&
			checked_range(address - segment->address, size, segment->file_size) == OK)
			return segment;
	}
	return nullptr;
}

// Without file bytes it is only a size: the address of a .tbss means nothing.
static bool tls_is_good(const struct elf *elf, const struct elf_segment *tls)
{
	if (tls->memory_size == 0)
		return tls->file_size == 0;
	if (tls->file_size > tls->memory_size || tls->memory_size > ELF_IMAGE_SIZE_MAX)
		return false;
	if (!is_power_of_two(tls->alignment) || tls->alignment > PAGE_SIZE)
		return false;
	return tls->file_size == 0 || file_bytes_at(elf, tls->address, tls->file_size);
}

static void program_headers_locate(struct elf *elf, u64 file_offset)
{
	u64 size = (u64)elf->program_headers * sizeof(struct elf_program_header);
	for (u32 i = 0; i < elf->segments; i++) {
		const struct elf_segment *segment = &AT(elf->segment, i);
		if (file_offset < segment->file_offset)
			continue;
		u64 offset = file_offset - segment->file_offset;
		if (checked_range(offset, size, segment->file_size) == OK)
			elf->program_headers_address = segment->address + offset;
	}
}

static enum elf_problem places_check(struct elf *elf, u64 headers_offset)
{
	if (elf->segments == 0)
		return ELF_NO_SEGMENTS;
	const struct elf_segment *entry = file_bytes_at(elf, elf->entry, 1);
	if (!entry || !(entry->flags & ELF_EXECUTE))
		return ELF_ENTRY_NOT_EXECUTABLE;
	if (!tls_is_good(elf, &elf->tls))
		return ELF_TLS_BAD;
	if (elf->dynamic.memory_size &&
		!file_bytes_at(elf, elf->dynamic.address, elf->dynamic.memory_size))
		return ELF_DYNAMIC_BAD;
	program_headers_locate(elf, headers_offset);
	return ELF_GOOD;
}

static enum elf_problem program_headers_use(struct elf *elf, u64 offset)
{
	for (u32 i = 0; i < elf->program_headers; i++) {
		struct elf_program_header header;
		u64 at;
		if (checked_add(offset, (u64)i * sizeof header, &at) != OK ||
			!load(elf->file, at, span_of(header)))
			return ELF_PROGRAM_HEADERS_CUT;
		CHECK_PROBLEM(program_header_use(elf, &header));
	}
	return ELF_GOOD;
}

enum elf_problem elf_parse(view_t file, struct elf *out)
{
	struct elf_header header;
	if (!load(file, 0, span_of(header)))
		return ELF_HEADER_CUT;
	CHECK_PROBLEM(header_check(&header));
	*out = (struct elf){
		.file = file,
		.program_headers = header.program_headers,
		.is_relocatable = header.type == ELF_TYPE_DYNAMIC,
		.entry = header.entry,
		.alignment = PAGE_SIZE,
	};
	CHECK_PROBLEM(program_headers_use(out, header.program_headers_offset));
	return places_check(out, header.program_headers_offset);
}

view_t elf_segment_bytes(const struct elf *elf, const struct elf_segment *segment)
{
	return view_clamp(elf->file, (usize)segment->file_offset, (usize)segment->file_size);
}
