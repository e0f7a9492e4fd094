// SPDX-License-Identifier: MIT
// elf_test.c - a small program made here, whole and damaged in each way that has a name.
#include "lib/base/elf.h"

#include "lib/base/elf_format.h"
#include "lib/base/test.h"

constexpr usize FILE_SIZE = 3 * PAGE_SIZE;
constexpr u64 DATA = 0x3000; // address of the writable segment

enum place : u16 { TEXT_HEADER, DATA_HEADER, STACK_HEADER, DYNAMIC_HEADER, HEADERS };

// Page 0: headers and text, page 1: data, page 2: dynamic section and relocation tables.
struct program {
	struct elf_header header;
	struct elf_program_header segment[HEADERS];
	alignas(4096) u64 data[512];
	alignas(4096) struct elf_dynamic dynamic[7];
	struct elf_rela rela[2];
	u64 relr[3];
	u8 rest[PAGE_SIZE - 184];
};
static_assert(sizeof(struct program) == FILE_SIZE);

static struct elf_program_header segment(u32 type, u32 flags, u64 offset, u64 address, u64 size)
{
	return (struct elf_program_header){ type, flags, offset, address, address, size, size, 4096 };
}

static struct program *sample(void)
{
	static struct program program;
	program = (struct program){
		.header = { { 0x7f, 'E', 'L', 'F' }, ELF_CLASS_64, ELF_LITTLE_ENDIAN, ELF_VERSION,
			.type = ELF_TYPE_DYNAMIC, .machine = ELF_MACHINE_X86_64, .version = ELF_VERSION,
			.entry = 0x1800, .program_headers_offset = 64, .header_size = 64,
			.program_header_size = 56, .program_headers = HEADERS },
		.dynamic = { { DYNAMIC_RELA, DATA + 0x1000 + 112 }, { DYNAMIC_RELA_SIZE, 48 },
			{ DYNAMIC_RELA_ENTRY_SIZE, 24 }, { DYNAMIC_RELR, DATA + 0x1000 + 160 },
			{ DYNAMIC_RELR_SIZE, 24 }, { DYNAMIC_RELR_ENTRY_SIZE, 8 }, { DYNAMIC_END, 0 } },
		.rela = { { DATA, ELF_RELOCATION_RELATIVE, 0x1234 },
			{ DATA + 0x2ff8, ELF_RELOCATION_RELATIVE, 0x5678 } },
		.relr = { DATA + 64, 1 | 1 << 1 | 1 << 3, 1 | 1 << 1 },
	};
	struct elf_program_header *header = program.segment;
	header[TEXT_HEADER] = segment(PROGRAM_LOAD, ELF_READ | ELF_EXECUTE, 0, 0x1000, PAGE_SIZE);
	header[DATA_HEADER] = segment(PROGRAM_LOAD, ELF_READ | ELF_WRITE, 4096, DATA, 2 * PAGE_SIZE);
	header[DATA_HEADER].memory_size = 3 * PAGE_SIZE;
	header[STACK_HEADER] = segment(PROGRAM_STACK, ELF_READ | ELF_WRITE, 0, 0, 0);
	header[DYNAMIC_HEADER] = segment(PROGRAM_DYNAMIC, ELF_READ, 8192, DATA + 4096, 112);
	for (u64 i = 0; i < 512; i++)
		program.data[i] = i;
	return &program;
}

static enum elf_problem parse(const struct program *program)
{
	struct elf elf;
	return elf_parse(view_of(*program), &elf);
}

TEST(elf_reads_a_good_program)
{
	struct program *program = sample();
	struct elf elf;
	REQUIRE(elf_parse(view_of(*program), &elf) == ELF_GOOD);
	CHECK(elf.is_relocatable);
	CHECK_EQ(elf.segments, 2);
	CHECK_EQ(elf.low, 0x1000);
	CHECK_EQ(elf.high, 0x6000);
	CHECK_EQ(elf.program_headers_address, 0x1040);
	CHECK_EQ(elf.interpreter.size, 0);
	CHECK_EQ(elf.tls.memory_size, 0);
	CHECK_EQ(elf_segment_bytes(&elf, &elf.segment[1]).size, 2 * PAGE_SIZE);
}

TEST(elf_lists_relocations)
{
	static const struct elf_relocation expected[] = { { DATA, 0x1234 }, { DATA + 0x2ff8, 0x5678 },
		{ DATA + 64, 8 }, { DATA + 72, 9 }, { DATA + 88, 11 }, { DATA + 72 + 63 * 8, 72 } };
	struct program *program = sample();
	struct elf elf;
	struct elf_relocations list;
	struct elf_relocation relocation;
	u32 count = 0;
	REQUIRE(elf_parse(view_of(*program), &elf) == ELF_GOOD);
	REQUIRE(elf_relocations_init(&list, &elf) == ELF_GOOD);
	while (elf_relocation_next(&list, &relocation)) {
		REQUIRE(count < COUNT(expected));
		CHECK_EQ(relocation.address, expected[count].address);
		CHECK_EQ(relocation.addend, expected[count].addend);
		count++;
	}
	CHECK_EQ(list.problem, ELF_GOOD);
	CHECK_EQ(count, COUNT(expected));
}

TEST(elf_every_cut_is_found)
{
	struct program *program = sample();
	struct elf elf;
	for (usize size = 0; size < FILE_SIZE; size += size < 400 ? 1 : 97)
		REQUIRE(elf_parse(view_clamp(view_of(*program), 0, size), &elf) != ELF_GOOD);
	CHECK_EQ(elf_parse(view_clamp(view_of(*program), 0, 63), &elf), ELF_HEADER_CUT);
	CHECK_EQ(elf_parse(view_clamp(view_of(*program), 0, 100), &elf), ELF_PROGRAM_HEADERS_CUT);
	CHECK_EQ(elf_parse(view_clamp(view_of(*program), 0, 4096), &elf), ELF_SEGMENT_CUT);
}

// Sets one field of the sample and says what elf_parse thinks of it.
#define CHECK_PROBLEM(expected, field, value)                                                      \
	do {                                                                                           \
		struct program *program = sample();                                                        \
		program->field = (value);                                                                  \
		CHECK_EQ(parse(program), (expected));                                                      \
	} while (0)

TEST(elf_names_header_problems)
{
	CHECK_PROBLEM(ELF_BAD_MAGIC, header.magic[1], 'F');
	CHECK_PROBLEM(ELF_WRONG_CLASS, header.class, 1);
	CHECK_PROBLEM(ELF_WRONG_BYTE_ORDER, header.byte_order, 2);
	CHECK_PROBLEM(ELF_WRONG_VERSION, header.version, 2);
	CHECK_PROBLEM(ELF_WRONG_TYPE, header.type, 1);
	CHECK_PROBLEM(ELF_WRONG_MACHINE, header.machine, 183);
	CHECK_PROBLEM(ELF_WRONG_HEADER_SIZE, header.program_header_size, 32);
	CHECK_PROBLEM(ELF_WRONG_HEADER_SIZE, header.header_size, 52);
	CHECK_PROBLEM(ELF_NO_PROGRAM_HEADERS, header.program_headers, 0);
	CHECK_PROBLEM(ELF_TOO_MANY_PROGRAM_HEADERS, header.program_headers, 65);
	CHECK_PROBLEM(ELF_PROGRAM_HEADERS_CUT, header.program_headers_offset, FILE_SIZE - 200);
	CHECK_PROBLEM(ELF_PROGRAM_HEADERS_CUT, header.program_headers_offset, UINT64_MAX - 10);
	CHECK_PROBLEM(ELF_ENTRY_NOT_EXECUTABLE, header.entry, DATA);
	CHECK_PROBLEM(ELF_ENTRY_NOT_EXECUTABLE, header.entry, 0);
	CHECK_PROBLEM(ELF_ENTRY_NOT_EXECUTABLE, header.entry, 0x2000);
}

TEST(elf_names_segment_problems)
{
	CHECK_PROBLEM(ELF_SEGMENT_CUT, segment[1].file_size, 2 * PAGE_SIZE + 1);
	CHECK_PROBLEM(ELF_SEGMENT_CUT, segment[1].file_offset, UINT64_MAX);
	CHECK_PROBLEM(ELF_SEGMENT_LARGER_IN_FILE, segment[1].memory_size, PAGE_SIZE);
	CHECK_PROBLEM(ELF_SEGMENT_OVERFLOWS, segment[1].memory_size, UINT64_MAX - 0x2000);
	CHECK_PROBLEM(ELF_SEGMENT_OVERFLOWS, segment[1].memory_size, UINT64_MAX - DATA);
	CHECK_PROBLEM(ELF_IMAGE_TOO_BIG, segment[1].memory_size, (u64)1 << 40);
	CHECK_PROBLEM(ELF_SEGMENT_UNALIGNED, segment[1].alignment, 12288);
	CHECK_PROBLEM(ELF_SEGMENT_UNALIGNED, segment[1].alignment, 8192 * 2);
	CHECK_PROBLEM(ELF_SEGMENT_UNALIGNED, segment[1].address, DATA + 8);
	CHECK_PROBLEM(ELF_SEGMENTS_OVERLAP, segment[0].memory_size, DATA);
	CHECK_PROBLEM(ELF_SEGMENTS_OVERLAP, segment[1].address, 0x1000);
	CHECK_PROBLEM(ELF_SEGMENTS_OVERLAP, segment[1].address, 0);
	CHECK_PROBLEM(ELF_SEGMENTS_UNORDERED, segment[0].address, DATA + 0x4000);
	CHECK_PROBLEM(ELF_SEGMENT_WRITABLE_AND_EXECUTABLE, segment[1].flags, 7);
	CHECK_PROBLEM(ELF_STACK_EXECUTABLE, segment[2].flags, 7);
	CHECK_PROBLEM(ELF_DYNAMIC_BAD, segment[3].address, DATA + 0x2000);
	CHECK_PROBLEM(ELF_DYNAMIC_BAD, segment[3].memory_size, UINT64_MAX);
}

TEST(elf_refuses_shared_pages)
{
	struct program *program = sample();
	program->segment[1].file_offset = 0x1800;
	program->segment[1].address = 0x2800;
	program->segment[1].file_size = 0x100;
	program->segment[0].memory_size = 0x1100;
	program->segment[3] = (struct elf_program_header){};
	CHECK_EQ(parse(program), ELF_SEGMENTS_SHARE_PAGE);
	program->segment[0].memory_size = 0x1000;
	CHECK_EQ(parse(program), ELF_GOOD);
}

TEST(elf_needs_segments)
{
	struct program *program = sample();
	program->segment[0].type = program->segment[1].type = 0;
	CHECK_EQ(parse(program), ELF_NO_SEGMENTS);
	program = sample();
	program->header.program_headers = 60; // headers of what follows: all zero, then data
	program->segment[0].file_size = program->segment[0].memory_size = 0x1000;
	struct elf_program_header *header = program->segment;
	UNSAFE_BEGIN("60 headers fit into the first page")
	for (u64 i = 4; i < 20; i++)
		header[i] = segment(PROGRAM_LOAD, ELF_READ, 4096, 0x10000 + i * 4096, 4096);
	UNSAFE_END
	CHECK_EQ(parse(program), ELF_TOO_MANY_SEGMENTS);
}

TEST(elf_interpreter_and_tls)
{
	struct program *program = sample();
	struct elf elf;
	CHECK_OK(span_copy(span_of(program->rest), VIEW_TEXT("/lib/ld.so\0")));
	u64 offset = FILE_SIZE - sizeof program->rest;
	program->segment[2] = segment(PROGRAM_INTERPRETER, ELF_READ, offset, 0, 11);
	REQUIRE(elf_parse(view_of(*program), &elf) == ELF_GOOD);
	CHECK(view_equal(elf.interpreter, VIEW_TEXT("/lib/ld.so")));
	program->segment[2].file_size = 10;
	CHECK_EQ(parse(program), ELF_INTERPRETER_BAD);
	program->segment[2].file_size = UINT64_MAX;
	CHECK_EQ(parse(program), ELF_INTERPRETER_BAD);
	program->segment[2] = segment(PROGRAM_TLS, ELF_READ, 4096, DATA, 64);
	REQUIRE(elf_parse(view_of(*program), &elf) == ELF_GOOD);
	CHECK_EQ(elf.tls.file_size, 64);
	program->segment[2].address = 0x100000;
	CHECK_EQ(parse(program), ELF_TLS_BAD);
	program->segment[2].file_size = 0;
	CHECK_EQ(parse(program), ELF_GOOD);
	program->segment[2].alignment = 3;
	CHECK_EQ(parse(program), ELF_TLS_BAD);
}

static enum elf_problem relocate(const struct program *program)
{
	struct elf elf;
	struct elf_relocations list;
	struct elf_relocation relocation;
	enum elf_problem problem = elf_parse(view_of(*program), &elf);
	if (problem == ELF_GOOD)
		problem = elf_relocations_init(&list, &elf);
	if (problem != ELF_GOOD)
		return problem;
	while (elf_relocation_next(&list, &relocation))
		continue;
	return list.problem;
}

#define CHECK_RELOCATION(expected, field, value)                                                   \
	do {                                                                                           \
		struct program *program = sample();                                                        \
		program->field = (value);                                                                  \
		CHECK_EQ(relocate(program), (expected));                                                   \
	} while (0)

TEST(elf_names_relocation_problems)
{
	CHECK_EQ(relocate(sample()), ELF_GOOD);
	CHECK_RELOCATION(ELF_GOOD, rela[0].info, ELF_RELOCATION_NONE);
	CHECK_RELOCATION(ELF_RELOCATION_UNSUPPORTED, rela[0].info, 6);
	CHECK_RELOCATION(ELF_RELOCATION_UNSUPPORTED, rela[0].info, 8 | (u64)1 << 32);
	CHECK_RELOCATION(ELF_RELOCATION_OUTSIDE, rela[0].address, 0x1000); // executable
	CHECK_RELOCATION(ELF_RELOCATION_OUTSIDE, rela[1].address, DATA + 0x2ff9);
	CHECK_RELOCATION(ELF_RELOCATION_OUTSIDE, rela[1].address, UINT64_MAX - 3);
	CHECK_RELOCATION(ELF_RELOCATION_OUTSIDE, relr[0], 0x100000);
	CHECK_RELOCATION(ELF_RELOCATION_OUTSIDE, relr[0], 0xfffffffffffffff8);
	CHECK_RELOCATION(ELF_RELOCATIONS_BAD, dynamic[1].value, 47);
	CHECK_RELOCATION(ELF_RELOCATIONS_BAD, dynamic[1].value, UINT64_MAX / 24 * 24);
	CHECK_RELOCATION(ELF_RELOCATIONS_BAD, dynamic[2].value, 0);
	CHECK_RELOCATION(ELF_RELOCATIONS_BAD, dynamic[3].value, UINT64_MAX - 7);
	CHECK_RELOCATION(ELF_RELOCATION_UNSUPPORTED, dynamic[0].tag, DYNAMIC_REL);
}

TEST(elf_problems_have_texts)
{
	for (u32 problem = ELF_GOOD; problem <= ELF_RELOCATION_UNSUPPORTED; problem++)
		CHECK(!view_equal(view_cstring(elf_problem_text((enum elf_problem)problem)),
			VIEW_TEXT("unknown problem")));
}
