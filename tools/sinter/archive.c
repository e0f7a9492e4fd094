// SPDX-License-Identifier: MIT
// archive.c - an archive into a pool, as copy.c does with a directory: owners, modes, times, links,
// device nodes, sparse files, extended attributes. libarchive reads it: tar of all kinds and cpio,
// also compressed, once from front to end, so it may be a pipe.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/sinter/command.h"

enum { BLOCK = 1 << 16 };

struct folder {
	u64 inode;
	struct stat status;
};

struct unpacking {
	struct image *image;
	struct archive *from;
	struct archive_entry *entry;
	const char *archive, *path;       // for complaints: its name, or that of the entry
	struct folder *_Nullable folders; // owned: their times are set when all is in them
	usize folder_count, folder_room;
};

// The answer of the library about the archive, as a complaint.
static bool refuse_archive(const struct unpacking *unpacking)
{
	const char *what = archive_error_string(unpacking->from);
	return refuse(unpacking->path, what ? what : "it cannot be read");
}

static bool is_done(const struct unpacking *unpacking, err_t err)
{
	return err == OK || refuse(unpacking->path, explain(err));
}

// The next name of a path that is one. False: no more.
static bool next_name(view_t *path, view_t *name)
{
	do {
		usize end = view_find(*path, '/');
		*name = view_clamp(*path, 0, end);
		*path = view_from_offset(*path, end + 1);
	} while (path->size && (!name->size || view_equal(*name, VIEW_TEXT("."))));
	return name->size && !view_equal(*name, VIEW_TEXT("."));
}

// The directory that a path lies in, made where it is missing, and the last name of it. A name of
// no bytes: the root itself.
static bool find_parent(struct unpacking *unpacking, const char *path, struct sinter_name *out)
{
	struct image *image = unpacking->image;
	struct sinter_new folder = { .mode = S_IFDIR | 0755 };
	view_t rest = view_cstring(path), name;
	*out = (struct sinter_name){ .directory = INODE_ROOT };
	while (next_name(&rest, &name)) {
		u64 next = out->directory;
		err_t err = OK;
		if (view_equal(name, VIEW_TEXT("..")))
			return refuse(path, "leads out of the archive");
		if (out->name.size)
			err = HOST_WAIT(
				image->pool, sinter_lookup(image->root, out->directory, out->name, &next));
		if (err == ERR_NOT_FOUND)
			err = HOST_WAIT(
				image->pool, sinter_create(image->root, out->directory, out->name, &folder, &next));
		if (!is_done(unpacking, err))
			return false;
		*out = (struct sinter_name){ next, name };
	}
	return true;
}

static bool copy_contents(struct unpacking *unpacking, u64 inode)
{
	struct image *image = unpacking->image;
	u64 size = (u64)archive_entry_size(unpacking->entry), end = 0;
	const void *bytes;
	usize count;
	la_int64_t offset;
	int got;
	while (
		(got = archive_read_data_block(unpacking->from, &bytes, &count, &offset)) == ARCHIVE_OK) {
		err_t err = image_write(image, inode, (u64)offset, view_from(bytes, count));
		if (!is_done(unpacking, err))
			return false;
		end = (u64)offset + count;
	}
	if (got != ARCHIVE_EOF)
		return refuse_archive(unpacking);
	return end >= size ||
	       is_done(unpacking, HOST_WAIT(image->pool, sinter_truncate(image->root, inode, size)));
}

static struct stat status_of(struct archive_entry *entry)
{
	return (struct stat){ .st_mode = archive_entry_perm(entry),
		.st_uid = (uid_t)archive_entry_uid(entry),
		.st_gid = (gid_t)archive_entry_gid(entry),
		.st_mtim = { archive_entry_mtime(entry), archive_entry_mtime_nsec(entry) } };
}

static bool set_attributes(struct unpacking *unpacking, u64 inode)
{
	struct image *image = unpacking->image;
	struct stat status = status_of(unpacking->entry);
	err_t err = image_set_attributes(image, inode, &status);
	const char *name;
	const void *value;
	usize size;
	archive_entry_xattr_reset(unpacking->entry);
	while (
		err == OK && archive_entry_xattr_next(unpacking->entry, &name, &value, &size) == ARCHIVE_OK)
		err = HOST_WAIT(image->pool, sinter_xattr_set(image->root, inode, view_cstring(name),
										 view_from(value, size), XATTRS_SET));
	return is_done(unpacking, err);
}

static bool note_folder(struct unpacking *unpacking, u64 inode)
{
	if (unpacking->folder_count == unpacking->folder_room) {
		unpacking->folder_room = unpacking->folder_room ? 2 * unpacking->folder_room : 256;
		void *folders =
			realloc(unpacking->folders, unpacking->folder_room * sizeof *unpacking->folders);
		if (!folders)
			return refuse(unpacking->path, "out of memory");
		unpacking->folders = folders;
	}
	*(struct folder *)view_element(unpacking->folders, sizeof *unpacking->folders,
		unpacking->folder_room, unpacking->folder_count++) =
		(struct folder){ inode, status_of(unpacking->entry) };
	return true;
}

static bool add_link(struct unpacking *unpacking, struct sinter_name at)
{
	u64 inode;
	struct sinter_name to;
	struct image *image = unpacking->image;
	if (!find_parent(unpacking, archive_entry_hardlink(unpacking->entry), &to))
		return false;
	err_t err = HOST_WAIT(image->pool, sinter_lookup(image->root, to.directory, to.name, &inode));
	if (err == OK)
		err = HOST_WAIT(image->pool, sinter_link(image->root, inode, at.directory, at.name));
	// Of cpio the last name has the contents.
	bool has_contents = archive_entry_size_is_set(unpacking->entry);
	return is_done(unpacking, err) &&
	       (!has_contents || (copy_contents(unpacking, inode) && set_attributes(unpacking, inode)));
}

// What stands there already gives way, but a directory stays: archives may hold it twice.
static bool add_node(struct unpacking *unpacking, struct sinter_name at)
{
	struct image *image = unpacking->image;
	struct dataset *root = image->root;
	u64 inode = INODE_ROOT;
	err_t err = OK;
	struct sinter_new what = { .mode = archive_entry_mode(unpacking->entry),
		.device = archive_entry_rdev(unpacking->entry) };
	const char *target = archive_entry_symlink(unpacking->entry);
	if (S_ISLNK(what.mode) && target) // none is an error of sinter_create
		what.target = view_cstring(target);
	if (at.name.size)
		err = HOST_WAIT(image->pool, sinter_lookup(root, at.directory, at.name, &inode));
	bool is_kept = err == OK && S_ISDIR(what.mode);
	if (err == OK && !is_kept)
		err = HOST_WAIT(image->pool, sinter_unlink(root, at.directory, at.name, false));
	if (!is_kept && (err == OK || err == ERR_NOT_FOUND))
		err = HOST_WAIT(image->pool, sinter_create(root, at.directory, at.name, &what, &inode));
	if (!is_done(unpacking, err) || (S_ISDIR(what.mode) && !note_folder(unpacking, inode)) ||
		(S_ISREG(what.mode) && !copy_contents(unpacking, inode)))
		return false;
	return set_attributes(unpacking, inode);
}

static bool add_entry(struct unpacking *unpacking)
{
	struct sinter_name at;
	const char *path = archive_entry_pathname(unpacking->entry);
	if (!path)
		return refuse(unpacking->archive, "an entry without a name");
	unpacking->path = path;
	if (!find_parent(unpacking, unpacking->path, &at))
		return false;
	return archive_entry_hardlink(unpacking->entry) ? add_link(unpacking, at)
	                                                : add_node(unpacking, at);
}

static bool add_all(struct unpacking *unpacking)
{
	int got;
	while ((got = archive_read_next_header(unpacking->from, &unpacking->entry)) == ARCHIVE_OK ||
		   got == ARCHIVE_WARN) {
		if (got == ARCHIVE_WARN) // a name that is no UTF-8 stays as it is
			(void)refuse_archive(unpacking);
		if (!add_entry(unpacking))
			return false;
		unpacking->path = unpacking->archive;
	}
	if (got != ARCHIVE_EOF)
		return refuse_archive(unpacking);
	for (usize i = 0; i < unpacking->folder_count; i++) {
		const struct folder *folder =
			view_element(unpacking->folders, sizeof *unpacking->folders, unpacking->folder_room, i);
		err_t err = image_set_attributes(unpacking->image, folder->inode, &folder->status);
		if (!is_done(unpacking, err))
			return false;
	}
	return true;
}

// Formats that name files of this machine, and filters that run programs, are left out.
static bool begin(struct unpacking *unpacking, const char *path)
{
	struct archive *from = unpacking->from;
	archive_read_support_format_tar(from);
	archive_read_support_format_cpio(from);
	archive_read_support_filter_gzip(from);
	archive_read_support_filter_bzip2(from);
	archive_read_support_filter_xz(from);
	archive_read_support_filter_zstd(from);
	(void)setlocale(LC_CTYPE, "C.UTF-8"); // names stay as they are
	const char *file = strcmp(path, "-") ? path : nullptr;
	return archive_read_open_filename(from, file, BLOCK) == ARCHIVE_OK || refuse_archive(unpacking);
}

bool copy_archive(struct image *image, const char *path)
{
	struct unpacking unpacking = {
		.image = image, .archive = path, .path = path, .from = archive_read_new()
	};
	if (!unpacking.from)
		return refuse(path, "out of memory");
	bool is_good = begin(&unpacking, path) && add_all(&unpacking);
	archive_read_free(unpacking.from);
	free(unpacking.folders);
	return is_good;
}
