// SPDX-License-Identifier: MIT
// tar.c - a tar archive into a pool, as copy.c does with a directory: owners, modes, times, links,
// device nodes, extended attributes. POSIX ustar and pax, and GNU's long names. The archive is read
// once from front to end, so it may be a pipe.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tools/sinter/command.h"

enum { BLOCK = 512, PATH_SIZE = 4096, PART = 1 << 17, XATTRS = 32 };

struct tar_header {
	char name[100], mode[8], user[8], group[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user_name[32], group_name[32], major[8], minor[8], prefix[155];
	char rest[12];
};
static_assert(sizeof(struct tar_header) == BLOCK);

struct xattr {
	view_t name, value; // in tar.pax
};

// What a header and the extended ones before it say.
struct entry {
	char path[PATH_SIZE], link[PATH_SIZE];
	struct stat status; // size, mode, owner, time of the last change
	struct xattr xattrs[XATTRS];
	u32 xattr_count;
	usize pax_size;
};

struct folder {
	u64 inode;
	struct stat status;
};

struct tar {
	struct image *image;
	FILE *file;
	u8 *part; // owned, PART bytes
	u8 *pax;  // owned, PART bytes: of the entry
	struct entry entry;
	struct folder *_Nullable folders; // owned: their times are set when all is in them
	usize folder_count, folder_room;
};

// Octal digits, or GNU's binary form.
static u64 number(const char *field, usize size)
{
	view_t digits = view_from(field, size);
	u64 value = 0;
	if (view_at(digits, 0) & 0x80) {
		for (usize i = 1; i < size; i++)
			value = value << 8 | view_at(digits, i);
		return value;
	}
	for (usize i = 0; i < size; i++) {
		u8 digit = view_at(digits, i);
		if (digit >= '0' && digit <= '7')
			value = value << 3 | (u64)(digit - '0');
	}
	return value;
}

#define NUMBER(field) number(field, sizeof(field))

static bool is_sum_right(const struct tar_header *header)
{
	view_t bytes = view_of(*header);
	u64 sum = 0;
	for (usize i = 0; i < BLOCK; i++) {
		bool is_sum =
			i >= offsetof(struct tar_header, sum) && i < offsetof(struct tar_header, type);
		sum += is_sum ? ' ' : view_at(bytes, i);
	}
	return sum == NUMBER(header->sum);
}

static bool read_exactly(struct tar *tar, void *to, usize size)
{
	return fread(to, 1, size, tar->file) == size || refuse("archive", "it ends too early");
}

static bool skip(struct tar *tar, u64 size)
{
	for (u64 left = size; left;) {
		usize part = left < PART ? (usize)left : PART;
		if (!read_exactly(tar, tar->part, part))
			return false;
		left -= part;
	}
	return true;
}

static u64 padding(u64 size)
{
	return -size & (BLOCK - 1);
}

static void take_text(char *to, view_t text)
{
	snprintf(to, PATH_SIZE, "%.*s", (int)text.size, (const char *)text.data);
}

static u64 decimal(view_t text)
{
	char digits[32];
	snprintf(digits, sizeof digits, "%.*s", (int)text.size, (const char *)text.data);
	return strtoull(digits, nullptr, 10);
}

static struct timespec time_of(view_t text)
{
	char digits[64], *point;
	snprintf(digits, sizeof digits, "%.*s", (int)text.size, (const char *)text.data);
	struct timespec time = { .tv_sec = strtoll(digits, &point, 10) };
	u32 scale = 100000000;
	view_t fraction = view_cstring(point);
	for (usize i = 1; i < fraction.size && scale; i++, scale /= 10)
		time.tv_nsec += (u32)(view_at(fraction, i) - '0') % 10 * scale;
	return time;
}

static void take_keyword(struct entry *entry, view_t key, view_t value)
{
	view_t xattr = VIEW_TEXT("SCHILY.xattr.");
	if (view_equal(key, VIEW_TEXT("path")))
		take_text(entry->path, value);
	else if (view_equal(key, VIEW_TEXT("linkpath")))
		take_text(entry->link, value);
	else if (view_equal(key, VIEW_TEXT("size")))
		entry->status.st_size = (off_t)decimal(value);
	else if (view_equal(key, VIEW_TEXT("uid")))
		entry->status.st_uid = (uid_t)decimal(value);
	else if (view_equal(key, VIEW_TEXT("gid")))
		entry->status.st_gid = (gid_t)decimal(value);
	else if (view_equal(key, VIEW_TEXT("mtime")))
		entry->status.st_mtim = time_of(value);
	else if (key.size > xattr.size && view_starts_with(key, xattr) && entry->xattr_count++ < XATTRS)
		AT(entry->xattrs, entry->xattr_count - 1) =
			(struct xattr){ view_from_offset(key, xattr.size), value };
}

// Records "length keyword=value\n".
static bool take_pax(struct tar *tar)
{
	view_t rest = view_from(tar->pax, tar->entry.pax_size);
	while (rest.size) {
		u64 length = decimal(view_clamp(rest, 0, 20));
		usize blank = view_find(rest, ' ');
		if (length <= blank + 1 || length > rest.size)
			return refuse("archive", "an extended header is damaged");
		view_t record = view_clamp(rest, blank + 1, (usize)length - blank - 2);
		usize equals = view_find(record, '=');
		take_keyword(
			&tar->entry, view_clamp(record, 0, equals), view_from_offset(record, equals + 1));
		rest = view_from_offset(rest, (usize)length);
	}
	if (tar->entry.xattr_count > XATTRS)
		return refuse(tar->entry.path, "more attributes than 32");
	return true;
}

// An extended header of whatever kind belongs to the entry that follows.
static bool take_extension(struct tar *tar, char type, u64 size)
{
	u8 *to = type == 'x' ? tar->pax : tar->part;
	if (size > PART)
		return refuse("archive", "an extended header is too large");
	if (!read_exactly(tar, to, (usize)size))
		return false;
	view_t text = view_from(to, strnlen((const char *)to, (usize)size));
	switch (type) {
	case 'L': take_text(tar->entry.path, text); break;
	case 'K': take_text(tar->entry.link, text); break;
	case 'x': tar->entry.pax_size = (usize)size; break;
	default: break; // of the whole archive: nothing that we need
	}
	return skip(tar, padding(size));
}

static void take_header(struct entry *entry, const struct tar_header *header)
{
	bool has_prefix = !strncmp(header->magic, "ustar", 5) && header->prefix[0];
	if (!entry->path[0])
		snprintf(entry->path, PATH_SIZE, "%.*s%s%.*s", has_prefix ? 155 : 0, header->prefix,
			has_prefix ? "/" : "", 100, header->name);
	if (!entry->link[0])
		snprintf(entry->link, PATH_SIZE, "%.*s", 100, header->link);
	entry->status = (struct stat){ .st_size = (off_t)NUMBER(header->size),
		.st_uid = (uid_t)NUMBER(header->user),
		.st_gid = (gid_t)NUMBER(header->group),
		.st_mode = NUMBER(header->mode) & 07777,
		.st_mtim.tv_sec = (time_t)NUMBER(header->mtime) };
}

// The directory that a path lies in, made where it is missing, and the last name of it. A name of
// no bytes: the root itself.
static bool find_parent(struct tar *tar, const char *path, u64 *directory, view_t *name)
{
	struct image *image = tar->image;
	view_t rest = view_cstring(path);
	*directory = INODE_ROOT;
	*name = (view_t){};
	while (rest.size) {
		usize end = view_find(rest, '/');
		view_t part = view_clamp(rest, 0, end);
		rest = view_from_offset(rest, end + 1);
		if (!part.size || view_equal(part, VIEW_TEXT(".")))
			continue;
		if (view_equal(part, VIEW_TEXT("..")))
			return refuse(path, "leads out of the archive");
		if (name->size) {
			u64 next;
			struct sinter_new folder = { .mode = 040755 };
			err_t err =
				HOST_WAIT(image->pool, sinter_lookup(image->root, *directory, *name, &next));
			if (err == ERR_NOT_FOUND)
				err = HOST_WAIT(
					image->pool, sinter_create(image->root, *directory, *name, &folder, &next));
			if (err != OK)
				return refuse(path, explain(err));
			*directory = next;
		}
		*name = part;
	}
	return true;
}

static bool copy_contents(struct tar *tar, u64 inode)
{
	struct image *image = tar->image;
	u64 all = (u64)tar->entry.status.st_size;
	for (u64 offset = 0; offset < all;) {
		u64 left = all - offset;
		usize size = left < PART ? (usize)left : PART;
		if (!read_exactly(tar, tar->part, size))
			return false;
		err_t err = image_write(image, inode, offset, view_from(tar->part, size));
		if (err != OK)
			return refuse(tar->entry.path, explain(err));
		offset += size;
	}
	return skip(tar, padding(all));
}

static bool set_attributes(struct tar *tar, u64 inode)
{
	struct image *image = tar->image;
	const struct entry *entry = &tar->entry;
	err_t err = image_set_attributes(image, inode, &entry->status);
	for (u32 i = 0; err == OK && i < entry->xattr_count; i++)
		err = HOST_WAIT(image->pool, sinter_xattr_set(image->root, inode, AT(entry->xattrs, i).name,
										 AT(entry->xattrs, i).value, XATTRS_SET));
	return err == OK || refuse(entry->path, explain(err));
}

static bool note_folder(struct tar *tar, u64 inode)
{
	if (tar->folder_count == tar->folder_room) {
		tar->folder_room = tar->folder_room ? 2 * tar->folder_room : 256;
		void *folders = realloc(tar->folders, tar->folder_room * sizeof *tar->folders);
		if (!folders)
			return refuse(tar->entry.path, "out of memory");
		tar->folders = folders;
	}
	*(struct folder *)view_element(tar->folders, sizeof *tar->folders, tar->folder_room,
		tar->folder_count++) = (struct folder){ inode, tar->entry.status };
	return true;
}

static u32 mode_of_type(char type)
{
	switch (type) {
	case '2': return S_IFLNK;
	case '3': return S_IFCHR;
	case '4': return S_IFBLK;
	case '5': return S_IFDIR;
	case '6': return S_IFIFO;
	default: return S_IFREG;
	}
}

static bool add_link(struct tar *tar, u64 directory, view_t name)
{
	u64 inode, there;
	view_t to;
	struct image *image = tar->image;
	if (!find_parent(tar, tar->entry.link, &there, &to))
		return false;
	err_t err = HOST_WAIT(image->pool, sinter_lookup(image->root, there, to, &inode));
	if (err == OK)
		err = HOST_WAIT(image->pool, sinter_link(image->root, inode, directory, name));
	return err == OK || refuse(tar->entry.path, explain(err));
}

// What stands there already gives way, but a directory stays: archives may hold it twice.
static bool add_node(struct tar *tar, const struct tar_header *header, u64 directory, view_t name)
{
	struct image *image = tar->image;
	u64 inode = INODE_ROOT;
	struct sinter_new what = { .mode = mode_of_type(header->type) | tar->entry.status.st_mode,
		.device = makedev((u32)NUMBER(header->major), (u32)NUMBER(header->minor)) };
	if (header->type == '2')
		what.target = view_cstring(tar->entry.link);
	bool is_folder = header->type == '5';
	err_t err = name.size
	                ? HOST_WAIT(image->pool, sinter_lookup(image->root, directory, name, &inode))
	                : OK;
	if (err == OK && !is_folder)
		err = HOST_WAIT(image->pool, sinter_unlink(image->root, directory, name, false));
	if (err == ERR_NOT_FOUND || (err == OK && !is_folder))
		err = HOST_WAIT(image->pool, sinter_create(image->root, directory, name, &what, &inode));
	if (err != OK)
		return refuse(tar->entry.path, explain(err));
	if (is_folder && !note_folder(tar, inode))
		return false;
	u64 size = (u64)tar->entry.status.st_size;
	bool has_contents = header->type == '0' || header->type == '7' || !header->type;
	if (has_contents ? !copy_contents(tar, inode) : !skip(tar, size + padding(size)))
		return false;
	return set_attributes(tar, inode);
}

static bool add_entry(struct tar *tar, const struct tar_header *header)
{
	u64 directory;
	view_t name;
	take_header(&tar->entry, header);
	if (!take_pax(tar) || !find_parent(tar, tar->entry.path, &directory, &name))
		return false;
	bool is_good = header->type == '1' ? add_link(tar, directory, name)
	                                   : add_node(tar, header, directory, name);
	tar->entry = (struct entry){};
	return is_good;
}

static bool add_all(struct tar *tar)
{
	while (true) {
		struct tar_header header;
		if (!read_exactly(tar, &header, sizeof header))
			return false;
		if (!header.name[0] && !NUMBER(header.sum))
			return true; // a block of zeros ends it
		if (!is_sum_right(&header))
			return refuse("archive", "a header is damaged, or this is no tar archive");
		u64 size = NUMBER(header.size);
		bool is_extension =
			header.type == 'x' || header.type == 'g' || header.type == 'L' || header.type == 'K';
		if (is_extension ? !take_extension(tar, header.type, size) : !add_entry(tar, &header))
			return false;
	}
}

static bool set_folder_times(struct tar *tar)
{
	for (usize i = 0; i < tar->folder_count; i++) {
		const struct folder *folder =
			view_element(tar->folders, sizeof *tar->folders, tar->folder_room, i);
		err_t err = image_set_attributes(tar->image, folder->inode, &folder->status);
		if (err != OK)
			return refuse("archive", explain(err));
	}
	return true;
}

bool copy_tar(struct image *image, const char *from)
{
	struct tar *tar = calloc(1, sizeof *tar);
	bool is_good = false;
	if (!tar)
		return refuse(from, "out of memory");
	tar->image = image;
	tar->file = strcmp(from, "-") ? fopen(from, "rbe") : stdin;
	tar->part = malloc(PART);
	tar->pax = malloc(PART);
	if (!tar->file || !tar->part || !tar->pax)
		refuse(from, strerror(errno));
	else
		is_good = add_all(tar) && set_folder_times(tar);
	if (tar->file && tar->file != stdin)
		fclose(tar->file);
	free(tar->part);
	free(tar->pax);
	free(tar->folders);
	free(tar);
	return is_good;
}
