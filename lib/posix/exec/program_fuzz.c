// SPDX-License-Identifier: MIT
// program_fuzz.c - any file: what is accepted can be mapped as it says.
#include "lib/posix/exec/program.h"

#include "lib/base/bits.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct program program;
	view_t file = view_from(data, size);
	if (!program_begin(&program, file, size))
		return 0;
	view_t table = view_from_offset(file, program.headers_offset);
	if (!program_finish(&program, table, size))
		return 0;
	u64 above = program.low;
	assert(is_aligned(program.low | program.high, PAGE_SIZE) && program.segments);
	assert(is_power_of_two(program.alignment) && program.interpreter_size <= PROGRAM_PATH_MAX);
	for (u32 i = 0; i < program.segments; i++) {
		const struct program_segment *segment = &AT(program.segment, i);
		assert(segment->address >= above && segment->memory_size);
		above = segment->address + segment->memory_size;
		assert(above <= program.high && segment->file_size <= segment->memory_size);
		assert(segment->offset + segment->file_size <= size);
	}
	return 0;
}
