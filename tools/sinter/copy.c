// SPDX-License-Identifier: MIT
// copy.c - a directory of the host into a pool: types, owners, modes, times, extended attributes,
// hard links. Names are taken in order of their bytes, so that the result does not depend on the
// host.
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/base/hash.h"
#include "tools/sinter/command.h"

enum { LINKS = 1 << 16, BLOCK = 1 << 17 };

struct link {
	u64 host_device, host_inode, inode;
};

struct copy {
	struct image *image;
	struct link *links; // owned: inodes with several names, LINKS of them
	u8 *block;          // owned
};

static struct link *_Nullable find_link(struct copy *copy, const struct stat *status)
{
	u64 at = hash_pair(status->st_dev, status->st_ino);
	for (u32 i = 0; i < LINKS; i++) {
		struct link *link = view_element(copy->links, sizeof(struct link), LINKS, (at + i) % LINKS);
		if (!link->inode ||
			(link->host_device == status->st_dev && link->host_inode == status->st_ino))
			return link;
	}
	return nullptr;
}

static bool copy_bytes(struct copy *copy, int from, u64 inode, const char *path)
{
	struct image *image = copy->image;
	u64 offset = 0;
	while (true) {
		off_t data = lseek(from, (off_t)offset, SEEK_DATA);
		if (data < 0)
			break; // only a hole is left
		ssize_t size = pread(from, copy->block, BLOCK, data);
		if (size <= 0)
			return size == 0 || refuse(path, strerror(errno));
		offset = (u64)data;
		err_t err = image_write(image, inode, offset, view_from(copy->block, (usize)size));
		if (err != OK)
			return refuse(path, explain(err));
		offset += (u64)size;
	}
	return true;
}

static bool copy_file(struct copy *copy, const char *path, u64 inode, u64 size)
{
	int from = open(path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return refuse(path, strerror(errno));
	bool is_good = copy_bytes(copy, from, inode, path);
	close(from);
	if (!is_good)
		return false;
	struct image *image = copy->image;
	err_t err = HOST_WAIT(image->pool, sinter_truncate(image->root, inode, size));
	return err == OK || refuse(path, explain(err));
}

static bool copy_xattrs(struct copy *copy, const char *path, u64 inode)
{
	static char names[65536], value[XATTR_VALUE_MAX]; // as much as Linux has; one thread
	ssize_t size = llistxattr(path, names, sizeof names);
	if (size < 0 && errno != ENOTSUP)
		return refuse(path, strerror(errno));
	view_t rest = view_from(names, size > 0 ? (usize)size : 0);
	while (rest.size) {
		usize end = view_find(rest, 0);
		view_t name = view_clamp(rest, 0, end);
		ssize_t got = lgetxattr(path, (const char *)name.data, value, sizeof value);
		rest = view_from_offset(rest, end + 1);
		if (got < 0)
			return refuse(path, strerror(errno));
		err_t err = HOST_WAIT(copy->image->pool, sinter_xattr_set(copy->image->root, inode, name,
													 view_from(value, (usize)got), XATTRS_SET));
		if (err != OK)
			return refuse(path, explain(err));
	}
	return true;
}

static bool copy_attributes(
	struct copy *copy, const char *path, u64 inode, const struct stat *status)
{
	err_t err = image_set_attributes(copy->image, inode, status);
	return (err == OK || refuse(path, explain(err))) && copy_xattrs(copy, path, inode);
}

// Answers its inode; 0: it complained.
static u64 copy_node(struct copy *copy, u64 directory, const FTSENT *entry)
{
	struct image *image = copy->image;
	const char *path = entry->fts_path;
	const struct stat *status = entry->fts_statp;
	view_t name = view_cstring(entry->fts_name);
	char target[4096];
	u64 inode;
	struct sinter_new what = { .mode = status->st_mode, .device = status->st_rdev };
	struct link *link =
		!S_ISDIR(status->st_mode) && status->st_nlink > 1 ? find_link(copy, status) : nullptr;
	if (link && link->inode) {
		err_t err = HOST_WAIT(image->pool, sinter_link(image->root, link->inode, directory, name));
		return err == OK ? link->inode : refuse(path, explain(err));
	}
	if (S_ISLNK(status->st_mode)) {
		ssize_t size = readlink(path, target, sizeof target);
		if (size < 0)
			return refuse(path, strerror(errno));
		what.target = view_from(target, (usize)size);
	}
	err_t err = HOST_WAIT(image->pool, sinter_create(image->root, directory, name, &what, &inode));
	if (err != OK)
		return refuse(path, explain(err));
	if (link)
		*link = (struct link){ status->st_dev, status->st_ino, inode };
	if (S_ISREG(status->st_mode) && !copy_file(copy, path, inode, (u64)status->st_size))
		return 0;
	// A directory's times are set when all in it is there.
	return S_ISDIR(status->st_mode) || copy_attributes(copy, path, inode, status) ? inode : 0;
}

static int by_bytes(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

// The inode of each directory is kept in its fts_number.
static bool copy_entry(struct copy *copy, FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS: return refuse(entry->fts_path, strerror(entry->fts_errno));
	case FTS_DP:
		return copy_attributes(copy, entry->fts_path, (u64)entry->fts_number, entry->fts_statp);
	default: break;
	}
	entry->fts_number = entry->fts_level
	                        ? (long)copy_node(copy, (u64)entry->fts_parent->fts_number, entry)
	                        : (long)INODE_ROOT;
	return entry->fts_number;
}

bool copy_tree(struct image *image, const char *from)
{
	struct copy copy = { .image = image };
	char *path = strdup(from), *const paths[] = { path, nullptr };
	FTS *tree =
		path ? fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_bytes) : nullptr;
	copy.links = calloc(LINKS, sizeof *copy.links);
	copy.block = malloc(BLOCK);
	bool is_good = (tree && copy.links && copy.block) || refuse(from, "out of memory");
	for (FTSENT *entry; is_good && (errno = 0, entry = fts_read(tree));)
		is_good = copy_entry(&copy, entry);
	is_good = is_good && (!errno || refuse(from, strerror(errno)));
	if (tree)
		fts_close(tree);
	free(path);
	free(copy.links);
	free(copy.block);
	return is_good;
}
