// SPDX-License-Identifier: MIT
// fuse_acl.c - POSIX access control lists of a mount. The kernel obeys them; here a list and its
// inode's mode are kept in step, by one change of the pool for both, and what is made in a
// directory inherits: it is made with its owner's rights only, and gets list and mode by a second
// change (a directory before it the list that it hands on), so that a power cut leaves nobody more
// rights.
#include <string.h>
#include <sys/stat.h>

#include "tools/sinter/mount.h"

enum { TAG_OWNER = 1, TAG_GROUP = 4, TAG_MASK = 16, TAG_OTHERS = 32 };
struct list_entry {
	u16 tag, rights;
	u32 id;
};
struct list { // as the kernel gives it: a version, then entries
	u8 bytes[VALUE_MAX];
	usize size;
};

static const char access[] = "system.posix_acl_access", handed_on[] = "system.posix_acl_default";

bool mount_is_list(const char *xattr)
{
	return !strcmp(xattr, access) || !strcmp(xattr, handed_on);
}

// The mode becomes what the list says, the other way round, or both what both allow. False: the
// list says no more than the mode does.
enum join { LIST_TELLS, MODE_TELLS, BOTH_TELL };
static bool join(struct list *list, enum join how, u32 *mode)
{
	struct list_entry entry;
	// Owner, group, others: if there are more there is a mask.
	bool is_more = list->size > sizeof(u32) + 3 * sizeof entry;
	for (usize at = sizeof(u32); at + sizeof entry <= list->size; at += sizeof entry) {
		(void)view_load(view_of(list->bytes), at, span_of(entry));
		u16 middle = is_more ? TAG_MASK : TAG_GROUP;
		u32 shift = entry.tag == TAG_OWNER ? 6 : entry.tag == middle ? 3 : 0;
		if (!shift && entry.tag != TAG_OTHERS)
			continue;
		u32 bits = *mode >> shift & 7, rights = entry.rights & 7;
		bits = how == LIST_TELLS ? rights : how == BOTH_TELL ? bits & rights : bits;
		entry.rights = (u16)bits;
		*mode = (*mode & ~(7u << shift)) | bits << shift;
		(void)span_copy(span_clamp(span_of(list->bytes), at, sizeof entry), view_of(entry));
	}
	return is_more;
}

static err_t get(struct mount *mount, u64 inode, const char *name, struct list *out)
{
	return MOUNT_WAIT(mount, sinter_xattr_get(mount->image->root, inode, view_cstring(name),
								 span_of(out->bytes), &out->size));
}

static err_t put(struct mount *mount, u64 inode, const char *name, struct sinter_xattr change)
{
	change.name = view_cstring(name);
	return MOUNT_WAIT(mount, sinter_xattr_change(mount->image->root, inode, &change));
}

static view_t value_of(const struct list *list)
{
	return view_clamp(view_of(list->bytes), 0, list->size);
}

// Both in one. If the list says no more than the mode does, it goes.
static err_t put_both(
	struct mount *mount, u64 inode, const struct list *list, bool is_more, u32 mode)
{
	struct sinter_xattr change = { .value = value_of(list),
		.how = is_more ? XATTRS_SET : XATTRS_REMOVE,
		.sets_mode = true,
		.mode = mode };
	mount_forget(mount, inode);
	err_t err = put(mount, inode, access, change);
	return err == ERR_NOT_FOUND && !is_more ? mount_set_mode(mount, inode, mode) : err;
}

err_t mount_list_set(fuse_req_t request, u64 inode, view_t value)
{
	struct mount *mount = mount_of(request);
	struct list list = { .size = value.size };
	struct stat status;
	TRY(span_copy(span_of(list.bytes), value) == OK ? OK : ERR_TOO_BIG);
	TRY(mount_stat(mount, inode, &status));
	if (!mount_is_in_group(request, &status))
		status.st_mode &= ~(mode_t)S_ISGID;
	bool is_more = join(&list, LIST_TELLS, &status.st_mode);
	return put_both(mount, inode, &list, is_more, status.st_mode);
}

err_t mount_list_follow(struct mount *mount, u64 inode, u32 mode)
{
	struct list list;
	TRY(get(mount, inode, access, &list));
	(void)join(&list, MODE_TELLS, &mode);
	return put_both(mount, inode, &list, true, mode);
}

err_t mount_create(
	struct mount *mount, struct sinter_name where, struct sinter_new what, u32 umask, u64 *out)
{
	struct dataset *root = mount->image->root;
	struct list list = {}, joined;
	u32 mode = what.mode;
	err_t err = S_ISLNK(mode) ? ERR_NOT_FOUND : get(mount, where.directory, handed_on, &list);
	bool inherits = err == OK;
	joined = list;
	bool is_more = join(&joined, BOTH_TELL, &mode);
	what.mode = inherits ? mode & ~077u : what.mode & ~umask;
	if (inherits || err == ERR_NOT_FOUND)
		err = MOUNT_WAIT(mount, sinter_create(root, where.directory, where.name, &what, out));
	if (err != OK || !inherits)
		return err;
	if (S_ISDIR(mode))
		err = put(mount, *out, handed_on, (struct sinter_xattr){ .value = value_of(&list) });
	if (err == OK)
		err = put_both(mount, *out, &joined, is_more, mode);
	if (err != OK)
		(void)MOUNT_WAIT(mount, sinter_unlink(root, where.directory, where.name, S_ISDIR(mode)));
	return err;
}
