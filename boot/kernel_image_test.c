// SPDX-License-Identifier: MIT
// kernel_image_test.c - a two-segment kernel made by hand: loads, slides, and is refused when bent.
#include "boot/kernel_image.h"
#include "boot/test_bytes.h"
#include "lib/base/test.h"

// File offsets, shifted by the base that test_put subtracts.
constexpr u64 FILE_START = TEST_MEMORY_BASE;
constexpr u64 HEADERS = FILE_START + 64;
constexpr u64 TEXT = FILE_START + 0x1000;
constexpr u64 DATA = FILE_START + 0x2000;
constexpr u64 LINK = 0xffffffff80000000;
constexpr u64 SLIDE = 0x1234ull << 21;

static struct test_memory file;
static u8 loaded[0x4000];
static struct kernel_image image;
static struct complaint complaint;

static void put_header(u32 i, u32 type, u32 flags, u64 vaddr, u64 size)
{
	u64 at = HEADERS + i * 56;
	u64 offset = vaddr - LINK + 0x1000;
	test_put(&file, at, type, 4);
	test_put(&file, at + 4, flags, 4);
	test_put(&file, at + 8, offset, 8);
	test_put(&file, at + 16, vaddr, 8);
	test_put(&file, at + 32, size, 8);
	test_put(&file, at + 40, size, 8);
}

// Data: the dynamic section at 0, RELA at 0x100, RELR at 0x200, words to relocate from 0x300 on.
static void fill(void)
{
	file = (struct test_memory){};
	test_put_text(&file, FILE_START, "\177ELF\2\1\1");
	test_put(&file, FILE_START + 16, 3, 2);
	test_put(&file, FILE_START + 18, 62, 2);
	test_put(&file, FILE_START + 20, 1, 4);
	test_put(&file, FILE_START + 24, LINK + 0x10, 8);
	test_put(&file, FILE_START + 32, 64, 8);
	test_put(&file, FILE_START + 52, 64, 2);
	test_put(&file, FILE_START + 54, 56, 2);
	test_put(&file, FILE_START + 56, 3, 2);
	put_header(0, 1, 5, LINK, 0x20);
	put_header(1, 1, 6, LINK + 0x1000, 0x1000);
	test_put(&file, HEADERS + 56 + 40, 0x1800, 8); // bss
	put_header(2, 2, 4, LINK + 0x1000, 0x70);
	static const u64 dynamic[] = { 7, LINK + 0x1100, 8, 24, 36, LINK + 0x1200, 35, 16, 9, 24, 37, 8,
		0, 0 };
	for (u32 i = 0; i < COUNT(dynamic); i++)
		test_put(&file, DATA + i * 8, AT(dynamic, i), 8);
	test_put(&file, DATA + 0x100, LINK + 0x1300, 8);
	test_put(&file, DATA + 0x108, 8, 8);
	test_put(&file, DATA + 0x110, LINK + 4, 8);
	test_put(&file, DATA + 0x200, LINK + 0x1308, 8);
	test_put(&file, DATA + 0x208, 1 | 1 << 2, 8); // not the next word, but the one behind it
	for (u32 i = 1; i < 5; i++)
		test_put(&file, DATA + 0x300 + i * 8, i, 8);
	test_put(&file, TEXT, 0x90, 1);
}

static err_t parse(void)
{
	return kernel_image_parse(view_of(file.bytes), &image, &complaint);
}

static err_t load(void)
{
	span_fill(span_of(loaded), 0xff);
	return kernel_image_load(&image, span_of(loaded), SLIDE, &complaint);
}

static u64 word(usize offset)
{
	u64 value = 0;
	CHECK_OK(view_load(view_of(loaded), offset, span_of(value)));
	return value;
}

TEST(kernel_image_loads_and_slides)
{
	fill();
	REQUIRE_OK(parse());
	CHECK_EQ(image.link_vaddr, LINK);
	CHECK_EQ(image.size, 0x3000u);
	CHECK_EQ(image.entry_offset, 0x10u);
	CHECK_EQ(image.segment_count, 2u);
	CHECK(image.segments[0].is_executable && !image.segments[0].is_writable);
	CHECK(!image.segments[1].is_executable && image.segments[1].is_writable);
	REQUIRE_OK(load());
	CHECK_EQ(word(0), 0x90u);
	CHECK_EQ(word(0x1300), LINK + 4 + SLIDE); // RELA
	CHECK_EQ(word(0x1308), 1 + SLIDE);        // RELR, the address
	CHECK_EQ(word(0x1310), 2u);               // RELR, bit 1 is clear
	CHECK_EQ(word(0x1318), 3 + SLIDE);
	CHECK_EQ(word(0x1320), 4u);
	CHECK_EQ(word(0x2ff8), 0u); // bss
	CHECK_EQ(loaded[0x3000], 0xff);
}

static void check_bad(u64 at, u64 value, usize size, bool is_parsed)
{
	fill();
	test_put(&file, at, value, size);
	complaint = (struct complaint){};
	CHECK_EQ(parse(), is_parsed ? OK : ERR_CORRUPT);
	if (is_parsed)
		CHECK_EQ(load(), ERR_CORRUPT);
	CHECK(complaint.text != nullptr);
}

// lib/base/elf_test.c tries the ELF reader; here is what a kernel must be beyond that.
TEST(kernel_image_bad_files_are_refused)
{
	check_bad(FILE_START, 'M', 1, false);
	check_bad(FILE_START + 16, 2, 2, false);               // not position-independent
	check_bad(FILE_START + 24, LINK + 0x1000, 8, false);   // entry in data
	check_bad(FILE_START + 32, UINT64_MAX - 20, 8, false); // program headers
	check_bad(HEADERS, 3, 4, false);                       // interpreter
	check_bad(HEADERS + 4, 7, 4, false);                   // W+X
	check_bad(HEADERS + 8, UINT64_MAX, 8, false);          // file offset
	check_bad(HEADERS + 16, LINK + 0x1000, 8, false);      // overlaps the next
	check_bad(HEADERS + 16, LINK - 0x1000, 8, false);      // link address not 2 MiB aligned
	check_bad(HEADERS + 56 + 40, 0x10000000, 8, false);    // larger than a kernel may be
	check_bad(HEADERS + 112 + 16, 0, 8, false);            // dynamic section outside
}

TEST(kernel_image_bad_relocations_are_refused)
{
	check_bad(DATA + 8, 0, 8, true);               // RELA table outside
	check_bad(DATA + 24, 25, 8, true);             // odd size
	check_bad(DATA + 56, UINT64_MAX - 7, 8, true); // RELR size
	check_bad(DATA + 0, 17, 8, true);              // REL
	check_bad(DATA + 0x100, LINK + 0x2801 - 8, 8, true);
	check_bad(DATA + 0x100, LINK, 8, true); // in code
	check_bad(DATA + 0x100, 0, 8, true);
	check_bad(DATA + 0x108, 1, 8, true);           // kind
	check_bad(DATA + 0x108, 0x100000008, 8, true); // with a symbol
	check_bad(DATA + 0x200, LINK + 0x27fa, 8, true);
}

TEST(kernel_image_needs_room)
{
	fill();
	REQUIRE_OK(parse());
	CHECK_EQ(kernel_image_load(&image, span_clamp(span_of(loaded), 0, 0x2fff), 0, &complaint),
		ERR_CORRUPT);
}
