// SPDX-License-Identifier: MIT
// program_test.c - a small program's headers, whole and damaged.
#include "lib/posix/exec/program.h"

#include "lib/base/elf_format.h"
#include "lib/base/test.h"

enum place : u16 { TEXT_HEADER, DATA_HEADER, STACK_HEADER, INTERPRETER_HEADER, HEADERS };

struct headers {
	struct elf_header header;
	struct elf_program_header segment[HEADERS];
};
static_assert(sizeof(struct headers) == 64 + HEADERS * 56);

constexpr u64 FILE_SIZE = 3 * PAGE_SIZE;

static struct headers sample(void)
{
	struct headers file = {
		.header = { { 0x7f, 'E', 'L', 'F' }, ELF_CLASS_64, ELF_LITTLE_ENDIAN, ELF_VERSION,
			.type = ELF_TYPE_DYNAMIC, .machine = ELF_MACHINE_X86_64, .version = ELF_VERSION,
			.entry = 0x1800, .program_headers_offset = 64, .header_size = 64,
			.program_header_size = 56, .program_headers = HEADERS },
	};
	file.segment[TEXT_HEADER] = (struct elf_program_header){ PROGRAM_LOAD,
		PROGRAM_READ | PROGRAM_EXECUTE, 0, 0x1000, 0, 0x1000, 0x1000, 0x1000 };
	file.segment[DATA_HEADER] = (struct elf_program_header){ PROGRAM_LOAD,
		PROGRAM_READ | PROGRAM_WRITE, 0x1e00, 0x3e00, 0, 0x300, 0x5000, 0x20'0000 };
	file.segment[STACK_HEADER] =
		(struct elf_program_header){ PROGRAM_STACK, PROGRAM_READ, 0, 0, 0, 0, 0, 16 };
	file.segment[INTERPRETER_HEADER] =
		(struct elf_program_header){ PROGRAM_INTERPRETER, PROGRAM_READ, 0x900, 0, 0, 20, 20, 1 };
	return file;
}

static bool read(const struct headers *file, struct program *out)
{
	view_t all = view_of(*file);
	return program_begin(out, view_clamp(all, 0, PROGRAM_START_SIZE), FILE_SIZE) &&
	       program_finish(out, view_from_offset(all, 64), FILE_SIZE);
}

TEST(program_reads_a_good_one)
{
	struct headers file = sample();
	struct program program;
	REQUIRE(read(&file, &program));
	CHECK(program.is_relocatable);
	CHECK(!program.has_executable_stack);
	CHECK_EQ(program.segments, 2);
	CHECK_EQ(program.low, 0x1000);
	CHECK_EQ(program.high, 0x9000);
	CHECK_EQ(program.alignment, 0x20'0000);
	CHECK_EQ(program.headers_address, 0x1040);
	CHECK_EQ(program.interpreter_offset, 0x900);
	CHECK_EQ(program.interpreter_size, 20);
}

// Changes one field of the sample and says that it is not taken any more.
#define CHECK_REFUSED(field, value)                                                                \
	do {                                                                                           \
		struct headers file = sample();                                                            \
		struct program program;                                                                    \
		file.field = (value);                                                                      \
		CHECK(!read(&file, &program));                                                             \
	} while (0)

TEST(program_refuses_broken_headers)
{
	CHECK_REFUSED(header.magic[0], 0);
	CHECK_REFUSED(header.class, 1);
	CHECK_REFUSED(header.byte_order, 2);
	CHECK_REFUSED(header.type, 1);
	CHECK_REFUSED(header.machine, 3);
	CHECK_REFUSED(header.program_header_size, 32);
	CHECK_REFUSED(header.program_headers, 0);
	CHECK_REFUSED(header.program_headers, 65);
	CHECK_REFUSED(header.program_headers_offset, FILE_SIZE - 100);
	CHECK_REFUSED(header.program_headers_offset, UINT64_MAX);
}

TEST(program_refuses_broken_segments)
{
	CHECK_REFUSED(segment[0].file_size, FILE_SIZE + 1);
	CHECK_REFUSED(segment[0].file_size, 0x1001);
	CHECK_REFUSED(segment[0].file_offset, UINT64_MAX - 0xfff);
	CHECK_REFUSED(segment[1].memory_size, UINT64_MAX);
	CHECK_REFUSED(segment[1].memory_size, (u64)1 << 47);
	CHECK_REFUSED(segment[1].address, 0x3e08);
	CHECK_REFUSED(segment[0].address, 0x4000);
	CHECK_REFUSED(segment[3].file_size, 1);
	CHECK_REFUSED(segment[3].file_size, 5000);
	CHECK_REFUSED(segment[3].file_offset, FILE_SIZE);
	struct headers file = sample();
	struct program program;
	file.segment[0].type = file.segment[1].type = PROGRAM_TLS;
	CHECK(!read(&file, &program));
}

TEST(program_takes_odd_ones)
{
	struct headers file = sample();
	struct program program;
	file.header.type = ELF_TYPE_EXECUTABLE;
	file.header.entry = UINT64_MAX;
	file.segment[1].flags = 7;
	file.segment[1].alignment = 12345;
	file.segment[2].flags = 7;
	REQUIRE(read(&file, &program));
	CHECK(program.has_executable_stack && !program.is_relocatable);
	CHECK_EQ(program.alignment, PAGE_SIZE);
}
