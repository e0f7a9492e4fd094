// SPDX-License-Identifier: MIT
// cpio.c - newc: a header of a magic and 13 numbers of 8 hexadecimal digits, the name with a final
// zero, padding to 4, the data, padding to 4; an entry named TRAILER!!! ends it. After that come
// only zeros, or another archive that was appended, which is read on.
#include "lib/base/cpio.h"

struct header {
	u8 magic[6];
	u8 inode[8], mode[8], user[8], group[8], links[8], modified[8], data_size[8];
	u8 disk_major[8], disk_minor[8], device_major[8], device_minor[8];
	u8 name_size[8], checksum[8];
};
static_assert(sizeof(struct header) == 110);

const char *cpio_problem_text(enum cpio_problem problem)
{
	switch (problem) {
	case CPIO_GOOD: return "good";
	case CPIO_HEADER_CUT: return "the archive ends within an entry's header";
	case CPIO_BAD_MAGIC:
		return "an entry does not begin with 070701 or 070702 (not a newc cpio archive)";
	case CPIO_BAD_NUMBER: return "a number in an entry's header is not hexadecimal";
	case CPIO_NAME_EMPTY: return "an entry has no name";
	case CPIO_NAME_CUT: return "the archive ends within an entry's name";
	case CPIO_NAME_NOT_TERMINATED:
		return "an entry's name has no zero at its end, or one within it";
	case CPIO_DATA_CUT: return "the archive ends within an entry's data";
	case CPIO_BAD_CHECKSUM: return "an entry's data does not have the checksum in its header";
	case CPIO_NO_TRAILER: return "the archive ends without its TRAILER!!! entry";
	}
	return "unknown problem";
}

static bool hex_parse(view_t digits, u32 *out)
{
	u32 value = 0;
	for (usize i = 0; i < digits.size; i++) {
		u8 byte = view_at(digits, i);
		u8 lower = byte | 0x20;
		if (byte >= '0' && byte <= '9')
			value = value << 4 | (u32)(byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			value = value << 4 | (u32)(lower - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

static bool sizes_parse(const struct header *header, u32 *name_size, u32 *data_size)
{
	return hex_parse(view_of(header->name_size), name_size) &&
	       hex_parse(view_of(header->data_size), data_size);
}

static bool numbers_parse(const struct header *header, struct cpio_entry *entry, u32 *checksum)
{
	u32 unused;
	return hex_parse(view_of(header->inode), &entry->inode) &&
	       hex_parse(view_of(header->mode), &entry->mode) &&
	       hex_parse(view_of(header->user), &entry->user) &&
	       hex_parse(view_of(header->group), &entry->group) &&
	       hex_parse(view_of(header->links), &entry->links) &&
	       hex_parse(view_of(header->modified), &entry->modified) &&
	       hex_parse(view_of(header->disk_major), &unused) &&
	       hex_parse(view_of(header->disk_minor), &unused) &&
	       hex_parse(view_of(header->device_major), &entry->device_major) &&
	       hex_parse(view_of(header->device_minor), &entry->device_minor) &&
	       hex_parse(view_of(header->checksum), checksum);
}

static view_t name_strip(view_t name)
{
	for (;;) {
		if (view_starts_with(name, VIEW_TEXT("/")))
			name = view_from_offset(name, 1);
		else if (view_starts_with(name, VIEW_TEXT("./")))
			name = view_from_offset(name, 2);
		else
			return name;
	}
}

// The sum of all bytes, modulo 2^32: only in archives with the second magic.
static bool checksum_is_good(const struct header *header, view_t data, u32 checksum)
{
	if (view_equal(view_of(header->magic), VIEW_TEXT("070701")))
		return true;
	u32 sum = 0;
	for (usize i = 0; i < data.size; i++)
		sum += view_at(data, i);
	return sum == checksum;
}

// Each byte equals the next: memory is compared by words, and there are pages of them.
static bool is_zero(view_t bytes)
{
	return !bytes.size || (!view_at(bytes, 0) && view_equal(view_clamp(bytes, 0, bytes.size - 1),
													 view_from_offset(bytes, 1)));
}

// More zeros behind the name are allowed: they bring the data to a page boundary.
static enum cpio_problem name_take(reader_t *reader, u32 size, view_t *out)
{
	view_t name;
	if (size == 0)
		return CPIO_NAME_EMPTY;
	if (reader_take(reader, size, &name) != OK)
		return CPIO_NAME_CUT;
	usize end = view_find(name, 0);
	if (end == name.size || !is_zero(view_from_offset(name, end)))
		return CPIO_NAME_NOT_TERMINATED;
	if (end == 0)
		return CPIO_NAME_EMPTY;
	*out = view_clamp(name, 0, end);
	return CPIO_GOOD;
}

// Padding may be missing at the very end of the archive.
static void pad(reader_t *reader)
{
	if (reader_align(reader, 4) != OK)
		reader->offset = reader->view.size;
}

// All but the numbers: who looks for a name does not read them.
static enum cpio_problem entry_take(
	reader_t *reader, struct header *header, struct cpio_entry *entry)
{
	u32 name_size, data_size;
	if (reader_take_object(reader, span_of(*header)) != OK)
		return CPIO_HEADER_CUT;
	if (!view_equal(view_of(header->magic), VIEW_TEXT("070701")) &&
		!view_equal(view_of(header->magic), VIEW_TEXT("070702")))
		return CPIO_BAD_MAGIC;
	if (!sizes_parse(header, &name_size, &data_size))
		return CPIO_BAD_NUMBER;
	enum cpio_problem problem = name_take(reader, name_size, &entry->name);
	if (problem != CPIO_GOOD)
		return problem;
	pad(reader);
	if (reader_take(reader, data_size, &entry->data) != OK)
		return CPIO_DATA_CUT;
	pad(reader);
	return CPIO_GOOD;
}

static enum cpio_problem entry_complete(const struct header *header, struct cpio_entry *entry)
{
	u32 checksum;
	if (!numbers_parse(header, entry, &checksum))
		return CPIO_BAD_NUMBER;
	return checksum_is_good(header, entry->data, checksum) ? CPIO_GOOD : CPIO_BAD_CHECKSUM;
}

// Leaves the reader at the first byte that is not zero, or at the end.
static void zeros_skip(reader_t *reader)
{
	while (reader_left(reader) && view_at(reader->view, reader->offset) == 0)
		reader->offset++;
}

void cpio_init(struct cpio *cpio, view_t archive)
{
	*cpio = (struct cpio){ .reader = reader_of_view(archive) };
}

// After a trailer. Padding counts from the start of each archive.
static void archive_begin(struct cpio *cpio)
{
	zeros_skip(&cpio->reader);
	cpio->reader = reader_of_view(view_from_offset(cpio->reader.view, cpio->reader.offset));
	cpio->is_after_trailer = true;
}

// The next entry that is no trailer, without its numbers.
static bool step(struct cpio *cpio, struct header *header, struct cpio_entry *entry)
{
	while (cpio->problem == CPIO_GOOD) {
		bool is_at_end = !reader_left(&cpio->reader);
		if (is_at_end && cpio->is_after_trailer)
			return false;
		cpio->problem = is_at_end ? CPIO_NO_TRAILER : entry_take(&cpio->reader, header, entry);
		if (cpio->problem != CPIO_GOOD)
			return false;
		if (!view_equal(entry->name, VIEW_TEXT("TRAILER!!!"))) {
			cpio->is_after_trailer = false;
			entry->name = name_strip(entry->name);
			return true;
		}
		archive_begin(cpio);
	}
	return false;
}

bool cpio_next(struct cpio *cpio, struct cpio_entry *out)
{
	struct header header;
	struct cpio_entry entry;
	if (!step(cpio, &header, &entry))
		return false;
	cpio->problem = entry_complete(&header, &entry);
	if (cpio->problem != CPIO_GOOD)
		return false;
	*out = entry;
	return true;
}

err_t cpio_find(view_t archive, view_t name, struct cpio_entry *out)
{
	struct cpio cpio;
	struct header header;
	struct cpio_entry entry;
	bool is_found = false;
	name = name_strip(name);
	cpio_init(&cpio, archive);
	while (step(&cpio, &header, &entry)) {
		if (!view_equal(entry.name, name))
			continue;
		if (entry_complete(&header, &entry) != CPIO_GOOD)
			return ERR_CORRUPT;
		*out = entry;
		is_found = true;
	}
	if (cpio.problem != CPIO_GOOD)
		return ERR_CORRUPT;
	return is_found ? OK : ERR_NOT_FOUND;
}
