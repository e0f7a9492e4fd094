// SPDX-License-Identifier: MIT
// cpio_test.c - archives made here, whole and damaged in each way that has a name.
#include "lib/base/cpio.h"

#include "lib/base/format.h"
#include "lib/base/test.h"

struct archive {
	u8 bytes[2000];
	usize size;
};

static void pad(struct archive *archive)
{
	while (archive->size % 4)
		archive->bytes[archive->size++] = 0;
}

static void append(struct archive *archive, view_t bytes)
{
	CHECK_OK(span_copy(span_from_offset(span_of(archive->bytes), archive->size), bytes));
	archive->size += bytes.size;
}

static void add(struct archive *archive, const char *name, u32 mode, view_t data)
{
	u8 header[200];
	view_t name_view = view_cstring(name);
	append(archive,
		format_view(span_of(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			7, mode, 1, 2, 1, 0x5f000000, (u32)data.size, 0, 0, 4, 5, (u32)name_view.size + 1, 0));
	append(archive, name_view);
	archive->bytes[archive->size++] = 0;
	pad(archive);
	append(archive, data);
	pad(archive);
}

static struct archive sample(void)
{
	struct archive archive = {};
	add(&archive, "bin", CPIO_DIRECTORY | 0755, (view_t){});
	add(&archive, "./bin/hello", CPIO_FILE | 0755, VIEW_TEXT("hello, world"));
	add(&archive, "/empty", CPIO_FILE | 0644, (view_t){});
	add(&archive, "TRAILER!!!", 0, (view_t){});
	return archive;
}

static view_t view_of_archive(const struct archive *archive)
{
	return view_clamp(view_of(archive->bytes), 0, archive->size);
}

static enum cpio_problem walk(view_t bytes, u32 *count)
{
	struct cpio cpio;
	struct cpio_entry entry;
	cpio_init(&cpio, bytes);
	for (*count = 0; cpio_next(&cpio, &entry); ++*count)
		continue;
	CHECK(!cpio_next(&cpio, &entry));
	return cpio.problem;
}

TEST(cpio_reads_entries)
{
	struct archive archive = sample();
	struct cpio cpio;
	struct cpio_entry entry = {};
	cpio_init(&cpio, view_of_archive(&archive));
	REQUIRE(cpio_next(&cpio, &entry));
	CHECK(view_equal(entry.name, VIEW_TEXT("bin")));
	CHECK_EQ(entry.mode & CPIO_TYPE_MASK, CPIO_DIRECTORY);
	REQUIRE(cpio_next(&cpio, &entry));
	CHECK(view_equal(entry.name, VIEW_TEXT("bin/hello")));
	CHECK(view_equal(entry.data, VIEW_TEXT("hello, world")));
	CHECK_EQ(entry.modified, 0x5f000000);
	CHECK_EQ(entry.device_minor, 5);
	REQUIRE(cpio_next(&cpio, &entry));
	CHECK(view_equal(entry.name, VIEW_TEXT("empty")));
	CHECK(!cpio_next(&cpio, &entry));
	CHECK_EQ(cpio.problem, CPIO_GOOD);
}

TEST(cpio_finds_by_name)
{
	struct archive archive = sample();
	struct cpio_entry entry = {};
	REQUIRE_OK(cpio_find(view_of_archive(&archive), VIEW_TEXT("/bin/hello"), &entry));
	CHECK_EQ(entry.data.size, 12);
	CHECK_EQ(cpio_find(view_of_archive(&archive), VIEW_TEXT("bin/hell"), &entry), ERR_NOT_FOUND);
	archive.bytes[0] = 'x';
	CHECK_EQ(cpio_find(view_of_archive(&archive), VIEW_TEXT("bin"), &entry), ERR_CORRUPT);
}

TEST(cpio_reads_appended_archives)
{
	struct archive archive = sample();
	u32 count = 0;
	append(&archive, VIEW_TEXT("\0\0\0\0\0\0\0")); // as cpio pads to its block size
	CHECK_EQ(walk(view_of_archive(&archive), &count), CPIO_GOOD);
	CHECK_EQ(count, 3);
	struct archive second = sample();
	append(&archive, view_of_archive(&second));
	CHECK_EQ(walk(view_of_archive(&archive), &count), CPIO_GOOD);
	CHECK_EQ(count, 6);
}

TEST(cpio_every_cut_is_found)
{
	struct archive archive = sample();
	u32 count = 0;
	for (usize size = 0; size < archive.size - 4; size++) // the trailer's own padding may miss
		REQUIRE(walk(view_clamp(view_of_archive(&archive), 0, size), &count) != CPIO_GOOD);
}

// Changes one byte of the first entry.
static enum cpio_problem damaged(usize at, u8 byte)
{
	struct archive archive = sample();
	u32 count = 0;
	archive.bytes[at] = byte;
	return walk(view_of_archive(&archive), &count);
}

TEST(cpio_names_the_damage)
{
	u32 count = 0;
	struct archive archive = sample();
	CHECK_EQ(walk((view_t){}, &count), CPIO_NO_TRAILER);
	CHECK_EQ(walk(view_clamp(view_of_archive(&archive), 0, 109), &count), CPIO_HEADER_CUT);
	CHECK_EQ(walk(view_clamp(view_of_archive(&archive), 0, 112), &count), CPIO_NAME_CUT);
	CHECK_EQ(walk(view_clamp(view_of_archive(&archive), 0, 116), &count), CPIO_NO_TRAILER);
	CHECK_EQ(damaged(5, '3'), CPIO_BAD_MAGIC);
	CHECK_EQ(damaged(20, 'g'), CPIO_BAD_NUMBER);
	CHECK_EQ(damaged(54, 'f'), CPIO_DATA_CUT); // highest digit of the data's size
	CHECK_EQ(damaged(94, 'f'), CPIO_NAME_CUT); // highest digit of the name's size
	CHECK_EQ(damaged(101, '0'), CPIO_NAME_EMPTY);
	CHECK_EQ(damaged(101, '1'), CPIO_NAME_NOT_TERMINATED);
	CHECK_EQ(damaged(111, 0), CPIO_NAME_NOT_TERMINATED); // a zero inside
	CHECK_EQ(damaged(113, 'x'), CPIO_NAME_NOT_TERMINATED);
	for (u32 problem = CPIO_GOOD; problem <= CPIO_NO_TRAILER; problem++)
		CHECK(view_cstring(cpio_problem_text((enum cpio_problem)problem)).size > 3);
}

TEST(cpio_checks_the_checksum)
{
	struct archive archive = {};
	u32 count = 0;
	add(&archive, "a", CPIO_FILE, VIEW_TEXT("\x01\x02"));
	add(&archive, "TRAILER!!!", 0, (view_t){});
	archive.bytes[5] = '2';
	CHECK_EQ(walk(view_of_archive(&archive), &count), CPIO_BAD_CHECKSUM);
	archive.bytes[109] = '3';
	CHECK_EQ(walk(view_of_archive(&archive), &count), CPIO_GOOD);
}

// Zeros behind the name, as many as bring the data to a page.
TEST(cpio_padded_names)
{
	static u8 bytes[PAGE_SIZE + 120];
	span_t all = span_of(bytes);
	struct cpio_entry entry;
	usize name = PAGE_SIZE - 110;
	view_t header = format_view(all, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		7, CPIO_FILE, 0, 0, 1, 0, 4, 0, 0, 0, 0, (u32)name, 0);
	CHECK_OK(span_copy(span_from_offset(all, header.size), VIEW_TEXT("bin/x")));
	CHECK_OK(span_copy(span_from_offset(all, PAGE_SIZE), VIEW_TEXT("data")));
	struct cpio cpio;
	cpio_init(&cpio, span_view(all));
	REQUIRE(cpio_next(&cpio, &entry));
	CHECK(view_equal(entry.name, VIEW_TEXT("bin/x")));
	CHECK(view_equal(entry.data, VIEW_TEXT("data")));
	CHECK_EQ(entry.data.data, &bytes[PAGE_SIZE]);
}
