// SPDX-License-Identifier: MIT
// program.c - see program.h. As Linux does, it takes what can be mapped, also odd things: an entry
// outside, a stack that may be executed, segments that are writable and executable.
#include "lib/posix/exec/program.h"

#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/elf_format.h"

constexpr u64 LOWER_HALF_END = 0x0000'7fff'ffff'f000;
constexpr u64 ALIGNMENT_MAX = (u64)1 << 30; // of what is asked for, the rest is ignored

static_assert(sizeof(struct elf_header) == PROGRAM_START_SIZE);
static_assert(sizeof(struct elf_program_header) == PROGRAM_HEADER_SIZE);

static bool is_for_us(const struct elf_header *header)
{
	return view_equal(view_of(header->magic), VIEW_TEXT("\x7f"
														"ELF")) &&
	       header->class == ELF_CLASS_64 && header->byte_order == ELF_LITTLE_ENDIAN &&
	       (header->type == ELF_TYPE_EXECUTABLE || header->type == ELF_TYPE_DYNAMIC) &&
	       header->machine == ELF_MACHINE_X86_64 &&
	       header->program_header_size == sizeof(struct elf_program_header);
}

bool program_begin(struct program *program, view_t start, u64 file_size)
{
	struct elf_header header;
	if (view_load(start, 0, span_of(header)) != OK || !is_for_us(&header))
		return false;
	u64 size = (u64)header.program_headers * sizeof(struct elf_program_header);
	if (!size || header.program_headers > PROGRAM_HEADERS_MAX ||
		checked_range(header.program_headers_offset, size, file_size) != OK)
		return false;
	*program = (struct program){
		.headers = header.program_headers,
		.headers_offset = header.program_headers_offset,
		.entry = header.entry,
		.alignment = PAGE_SIZE,
		.is_relocatable = header.type == ELF_TYPE_DYNAMIC,
	};
	return true;
}

static bool segment_is_good(const struct elf_program_header *header, u64 file_size)
{
	u64 end;
	return header->file_size <= header->memory_size &&
	       checked_range(header->file_offset, header->file_size, file_size) == OK &&
	       checked_add(header->address, header->memory_size, &end) == OK && end <= LOWER_HALF_END &&
	       is_aligned(header->address - header->file_offset, PAGE_SIZE);
}

static bool segment_add(
	struct program *program, const struct elf_program_header *header, u64 file_size)
{
	if (!header->memory_size)
		return true;
	if (!segment_is_good(header, file_size) || program->segments == PROGRAM_SEGMENTS_MAX)
		return false;
	u64 end = 0; // of what is taken
	if (program->segments) {
		const struct program_segment *before = &AT(program->segment, program->segments - 1);
		end = before->address + before->memory_size;
	} else {
		program->low = align_down(header->address, PAGE_SIZE);
	}
	if (header->address < end)
		return false;
	program->high = align_up(header->address + header->memory_size, PAGE_SIZE);
	if (is_power_of_two(header->alignment) && header->alignment <= ALIGNMENT_MAX)
		program->alignment = max_u64(program->alignment, header->alignment);
	AT(program->segment, program->segments++) = (struct program_segment){
		.address = header->address,
		.memory_size = header->memory_size,
		.offset = header->file_offset,
		.file_size = header->file_size,
		.flags = header->flags & (PROGRAM_READ | PROGRAM_WRITE | PROGRAM_EXECUTE),
	};
	return true;
}

// The first one counts, as Linux has it.
static bool interpreter_set(
	struct program *program, const struct elf_program_header *header, u64 file_size)
{
	if (program->interpreter_size)
		return true;
	if (header->file_size < 2 || header->file_size > PROGRAM_PATH_MAX ||
		checked_range(header->file_offset, header->file_size, file_size) != OK)
		return false;
	program->interpreter_offset = header->file_offset;
	program->interpreter_size = header->file_size;
	return true;
}

static bool header_use(
	struct program *program, const struct elf_program_header *header, u64 file_size)
{
	switch ((enum elf_program_header_type)header->type) {
	case PROGRAM_LOAD: return segment_add(program, header, file_size);
	case PROGRAM_INTERPRETER: return interpreter_set(program, header, file_size);
	case PROGRAM_STACK:
		program->has_executable_stack = header->flags & PROGRAM_EXECUTE;
		return true;
	case PROGRAM_DYNAMIC:
	case PROGRAM_TLS: return true; // its own start code reads these
	}
	return true;
}

static void headers_locate(struct program *program)
{
	u64 size = (u64)program->headers * sizeof(struct elf_program_header);
	for (u32 i = 0; i < program->segments && !program->headers_address; i++) {
		const struct program_segment *segment = &AT(program->segment, i);
		if (program->headers_offset < segment->offset)
			continue;
		u64 offset = program->headers_offset - segment->offset;
		if (checked_range(offset, size, segment->file_size) == OK)
			program->headers_address = segment->address + offset;
	}
}

bool program_finish(struct program *program, view_t table, u64 file_size)
{
	for (u32 i = 0; i < program->headers; i++) {
		struct elf_program_header header;
		if (view_load(table, i * sizeof header, span_of(header)) != OK ||
			!header_use(program, &header, file_size))
			return false;
	}
	headers_locate(program);
	return program->segments != 0;
}
