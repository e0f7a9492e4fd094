// SPDX-License-Identifier: MIT
// elf_fuzz.c - any bytes: what elf_parse accepts, a loader can rely on.
#include "lib/base/bits.h"
#include "lib/base/elf.h"

#include "lib/base/test.h"

static void segment_examine(const struct elf *elf, const struct elf_segment *segment, u64 above)
{
	volatile u8 sum = 0;
	view_t bytes = elf_segment_bytes(elf, segment);
	assert(bytes.size == segment->file_size && bytes.size <= segment->memory_size);
	for (usize i = 0; i < bytes.size; i++)
		sum += view_at(bytes, i);
	assert(align_down(segment->address, PAGE_SIZE) >= above);
	assert(segment->address + segment->memory_size <= elf->high);
	assert((segment->flags & (ELF_WRITE | ELF_EXECUTE)) != (ELF_WRITE | ELF_EXECUTE));
	assert(is_aligned(segment->address - segment->file_offset, PAGE_SIZE));
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct elf elf;
	struct elf_relocations list;
	struct elf_relocation relocation;
	enum elf_problem problem = elf_parse(view_from(data, size), &elf);
	assert(elf_problem_text(problem));
	if (problem != ELF_GOOD)
		return 0;
	u64 above = elf.low;
	for (u32 i = 0; i < elf.segments; i++) {
		const struct elf_segment *segment = &AT(elf.segment, i);
		segment_examine(&elf, segment, above);
		above = align_up(segment->address + segment->memory_size, PAGE_SIZE);
	}
	assert(elf.high - elf.low <= ELF_IMAGE_SIZE_MAX);
	if (elf_relocations_init(&list, &elf) != ELF_GOOD)
		return 0;
	while (elf_relocation_next(&list, &relocation))
		assert(relocation.address >= elf.low && relocation.address <= elf.high - sizeof(u64));
	return 0;
}
