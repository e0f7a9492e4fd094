// SPDX-License-Identifier: MIT
// fuse_names.c - the FUSE front end's operations on names, directories and extended attributes.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tools/sinter/mount.h"

// One wrong name is all that Linux knows as too long.
static void reply_name(fuse_req_t request, err_t err)
{
	fuse_reply_err(request, err == ERR_TOO_BIG ? ENAMETOOLONG : mount_errno(err));
}

static err_t make_entry(struct mount *mount, u64 inode, struct fuse_entry_param *out)
{
	*out = (struct fuse_entry_param){ .ino = inode,
		.generation = 1,
		.attr_timeout = mount->timeout_s,
		.entry_timeout = mount->timeout_s };
	return mount_stat(mount, inode, &out->attr);
}

static void reply_entry(fuse_req_t request, struct mount *mount, u64 inode)
{
	struct fuse_entry_param entry;
	err_t err = make_entry(mount, inode, &entry);
	if (err == OK)
		fuse_reply_entry(request, &entry);
	else
		mount_reply(request, err);
}

static err_t look_up_parent(struct mount *mount, u64 directory, u64 *out)
{
	struct mount_place place;
	*out = INODE_ROOT;
	if (mount_is_past_directory(directory))
		return OK;
	TRY(mount_place(mount, directory, &place));
	if (place.past && place.inode == INODE_ROOT)
		return *out = mount_past_directory(), OK;
	TRY(MOUNT_WAIT(mount, sinter_parent(place.dataset, place.inode, out)));
	*out = mount_outside(directory, *out);
	return OK;
}

static err_t look_up(struct mount *mount, u64 parent, const char *name, u64 *out)
{
	struct mount_place place;
	struct stat status;
	if (!strcmp(name, ".")) { // a handle: it leads only to what has a name
		TRY(mount_stat(mount, parent, &status));
		return *out = parent, status.st_nlink ? OK : ERR_NOT_FOUND;
	}
	if (!strcmp(name, ".."))
		return look_up_parent(mount, parent, out);
	if (mount_is_past_directory(parent))
		return mount_past_lookup(mount, view_cstring(name), out);
	TRY(mount_place(mount, parent, &place));
	err_t err =
		MOUNT_WAIT(mount, sinter_lookup(place.dataset, place.inode, view_cstring(name), out));
	if (err == ERR_NOT_FOUND && parent == INODE_ROOT && !strcmp(name, ".snapshots"))
		return *out = mount_past_directory(), OK;
	*out = err == OK ? mount_outside(parent, *out) : 0;
	return err;
}

static void do_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct mount *mount = mount_of(request);
	u64 inode;
	err_t err = look_up(mount, parent, name, &inode);
	if (err == OK) {
		reply_entry(request, mount, inode);
	} else if (err == ERR_NOT_FOUND) { // the kernel may remember that it is not there
		struct fuse_entry_param none = { .entry_timeout = mount->timeout_s };
		fuse_reply_entry(request, &none);
	} else {
		reply_name(request, err);
	}
}

static err_t make(
	fuse_req_t request, u64 parent, const char *name, struct sinter_new what, u64 *out)
{
	struct mount *mount = mount_of(request);
	const struct fuse_ctx *caller = fuse_req_ctx(request);
	struct stat status;
	what.user = caller->uid;
	what.group = caller->gid;
	if (mount_is_past(parent))
		return ERR_READ_ONLY;
	TRY(mount_stat(mount, parent, &status));
	if (status.st_mode & S_ISGID) { // the directory hands on its group
		what.group = status.st_gid;
		what.mode |= S_ISDIR(what.mode) ? S_ISGID : 0u;
	}
	struct sinter_name where = { parent, view_cstring(name) };
	return mount_create(mount, where, what, S_ISLNK(what.mode) ? 0 : caller->umask & 0777, out);
}

static void reply_made(fuse_req_t request, err_t err, u64 inode)
{
	if (err == OK)
		reply_entry(request, mount_of(request), inode);
	else
		reply_name(request, err);
}

static void do_mknod(
	fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
	u64 inode = 0;
	struct sinter_new what = { .mode = mode, .device = device };
	reply_made(request, make(request, parent, name, what, &inode), inode);
}

static void do_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
	do_mknod(request, parent, name, (mode & 07777) | S_IFDIR, 0);
}

static void do_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
	u64 inode = 0;
	struct sinter_new what = { .mode = S_IFLNK | 0777, .target = view_cstring(target) };
	reply_made(request, make(request, parent, name, what, &inode), inode);
}

static void do_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
	struct fuse_file_info *info)
{
	struct mount *mount = mount_of(request);
	struct fuse_entry_param entry;
	u64 inode = 0;
	struct sinter_new what = { .mode = (mode & 07777) | S_IFREG };
	err_t err = make(request, parent, name, what, &inode);
	if (err == OK)
		err = make_entry(mount, inode, &entry);
	if (err == OK)
		err = sinter_hold(mount->image->root, inode);
	if (err == OK)
		fuse_reply_create(request, &entry, info);
	else
		reply_name(request, err);
}

static void remove_name(fuse_req_t request, u64 parent, const char *name, bool is_directory)
{
	struct mount *mount = mount_of(request);
	struct dataset *root = mount->image->root;
	reply_name(request,
		MOUNT_CHANGE(mount, parent, sinter_unlink(root, parent, view_cstring(name), is_directory)));
}

static void do_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	remove_name(request, parent, name, false);
}

static void do_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	remove_name(request, parent, name, true);
}

static void operation_rename(fuse_req_t request, fuse_ino_t parent, const char *name,
	fuse_ino_t to_parent, const char *to_name, unsigned flags)
{
	struct mount *mount = mount_of(request);
	struct sinter_name from = { parent, view_cstring(name) };
	struct sinter_name to = { to_parent, view_cstring(to_name) };
	u32 ours = flags & RENAME_NOREPLACE ? (u32)RENAMES_NO_REPLACE : 0;
	ours |= flags & RENAME_EXCHANGE ? (u32)RENAMES_EXCHANGE : 0;
	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) {
		fuse_reply_err(request, EINVAL);
		return;
	}
	reply_name(request,
		MOUNT_CHANGE(mount, parent | to_parent, sinter_rename(mount->image->root, from, to, ours)));
}

static void do_link(fuse_req_t request, fuse_ino_t inode, fuse_ino_t parent, const char *name)
{
	struct mount *mount = mount_of(request);
	struct dataset *root = mount->image->root;
	err_t err =
		MOUNT_CHANGE(mount, inode | parent, sinter_link(root, inode, parent, view_cstring(name)));
	if (err == ERR_IS_DIRECTORY)
		fuse_reply_err(request, EPERM);
	else
		reply_made(request, err, inode);
}

static void do_readlink(fuse_req_t request, fuse_ino_t inode)
{
	struct mount *mount = mount_of(request);
	char target[VALUE_MAX + 1] = {};
	usize size = 0;
	struct mount_place place;
	err_t err = mount_place(mount, inode, &place);
	if (err == OK)
		err = MOUNT_WAIT(mount,
			sinter_read_link(place.dataset, place.inode, span_from(target, VALUE_MAX), &size));
	if (err == OK)
		fuse_reply_readlink(request, target);
	else
		mount_reply(request, err);
	mount_accessed(mount, inode);
}

struct listing {
	fuse_req_t request;
	struct mount *mount;
	u64 directory;
	span_t to;
	usize used;
	bool is_plus;
};

// False: it does not fit any more.
static bool add(struct listing *listing, const struct sinter_entry *entry, u64 cookie)
{
	char name[NAME_SIZE_MAX + 1] = {};
	struct fuse_entry_param param = { .attr = { .st_ino = entry->inode,
										  .st_mode = (mode_t)entry->type << 12 } };
	span_t rest = span_from_offset(listing->to, listing->used);
	usize size;
	memory_copy(name, entry->name, entry->name_size);
	bool is_dots = !strcmp(name, ".") || !strcmp(name, "..");
	bool is_known =
		!is_dots && !mount_is_past_directory(listing->directory); // else it has no number
	if (listing->is_plus && is_known)
		(void)make_entry(listing->mount, entry->inode, &param);
	if (listing->is_plus)
		size = fuse_add_direntry_plus(
			listing->request, (char *)rest.data, rest.size, name, &param, (off_t)cookie);
	else
		size = fuse_add_direntry(
			listing->request, (char *)rest.data, rest.size, name, &param.attr, (off_t)cookie);
	if (size > rest.size)
		return false;
	listing->used += size;
	return true;
}

static bool add_dots(struct listing *listing, u64 *cookie)
{
	struct sinter_entry entry = {
		.inode = listing->directory, .type = 4, .name_size = 1, .name = "."
	};
	if (*cookie == 0) {
		if (!add(listing, &entry, 1))
			return false;
		*cookie = 1;
	}
	if (*cookie > 1)
		return true;
	entry.name_size = 2;
	*span_at(span_of(entry.name), 1) = '.';
	(void)look_up_parent(listing->mount, listing->directory, &entry.inode);
	if (!add(listing, &entry, 2))
		return false;
	*cookie = 2;
	return true;
}

static err_t next_entry(struct listing *listing, u64 cookie, struct sinter_entry *entry)
{
	struct mount *mount = listing->mount;
	struct mount_place place;
	if (mount_is_past_directory(listing->directory))
		return mount_past_next(mount, cookie, entry);
	TRY(mount_place(mount, listing->directory, &place));
	TRY(MOUNT_WAIT(mount, sinter_read_directory(place.dataset, place.inode, cookie, entry)));
	entry->inode = mount_outside(listing->directory, entry->inode);
	return OK;
}

// Our cookies plus 2: 1 and 2 are behind the dots.
static err_t list(struct listing *listing, u64 cookie)
{
	if (!add_dots(listing, &cookie))
		return OK;
	while (true) {
		struct sinter_entry entry;
		err_t err = next_entry(listing, cookie - 2, &entry);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		if (!add(listing, &entry, entry.cookie + 2))
			return OK;
		cookie = entry.cookie + 2;
	}
}

static void read_directory(
	fuse_req_t request, u64 directory, size_t size, off_t offset, bool is_plus)
{
	static u8 bytes[65536]; // one thread
	struct listing listing = { .request = request,
		.mount = mount_of(request),
		.directory = directory,
		.to = span_clamp(span_of(bytes), 0, size),
		.is_plus = is_plus };
	err_t err = list(&listing, (u64)offset);
	if (err == OK || listing.used)
		fuse_reply_buf(request, (const char *)bytes, listing.used);
	else
		mount_reply(request, err);
	mount_accessed(listing.mount, directory);
}

static void do_readdir(
	fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
	(void)info;
	read_directory(request, inode, size, offset, false);
}

static void do_readdirplus(
	fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
	(void)info;
	read_directory(request, inode, size, offset, true);
}

static void reply_xattr(fuse_req_t request, err_t err)
{
	fuse_reply_err(request, err == ERR_NOT_FOUND ? ENODATA
							: err == ERR_TOO_BIG ? ENOSPC
												 : mount_errno(err));
}

static void set_xattr(
	fuse_req_t request, u64 inode, const char *name, view_t value, enum xattr_mode mode)
{
	struct mount *mount = mount_of(request);
	bool is_list = mount_is_list(name);
	err_t err = is_list && value.size > VALUE_MAX ? ERR_TOO_BIG : ERR_READ_ONLY;
	if (!mount_is_past(inode) && err != ERR_TOO_BIG)
		err = is_list && value.size && !strcmp(name, "system.posix_acl_access")
		          ? mount_list_set(request, inode, value)
		          : MOUNT_WAIT(mount, sinter_xattr_set(mount->image->root, inode,
										  view_cstring(name), value, mode));
	// There may be none to be removed.
	reply_xattr(request, is_list && err == ERR_NOT_FOUND ? OK : err);
}

static void operation_setxattr(fuse_req_t request, fuse_ino_t inode, const char *name,
	const char *value, size_t size, int flags)
{
	set_xattr(request, inode, name, view_from(value, size),
		flags & XATTR_CREATE    ? XATTRS_CREATE
		: flags & XATTR_REPLACE ? XATTRS_REPLACE
								: XATTRS_SET);
}

static void do_removexattr(fuse_req_t request, fuse_ino_t inode, const char *name)
{
	set_xattr(request, inode, name, (view_t){}, XATTRS_REMOVE);
}

// All of it, or only its size if room for none is given.
static void reply_bytes(fuse_req_t request, view_t bytes, usize room)
{
	if (!room)
		fuse_reply_xattr(request, bytes.size);
	else if (room < bytes.size)
		fuse_reply_err(request, ERANGE);
	else
		fuse_reply_buf(request, (const char *)bytes.data, bytes.size);
}

static void do_getxattr(fuse_req_t request, fuse_ino_t inode, const char *name, size_t size)
{
	struct mount *mount = mount_of(request);
	static u8 value[XATTR_VALUE_MAX]; // one thread
	struct mount_place place;
	usize got = 0;
	err_t err = mount_is_past_directory(inode) ? ERR_NOT_FOUND : mount_place(mount, inode, &place);
	if (err == OK)
		err = MOUNT_WAIT(mount,
			sinter_xattr_get(place.dataset, place.inode, view_cstring(name), span_of(value), &got));
	if (err != OK)
		reply_xattr(request, err);
	else
		reply_bytes(request, view_clamp(view_of(value), 0, got), size);
}

static void do_listxattr(fuse_req_t request, fuse_ino_t inode, size_t size)
{
	struct mount *mount = mount_of(request);
	static u8 names[65536]; // one thread
	struct sinter_entry entry = {};
	struct mount_place place;
	usize used = 0;
	err_t err = mount_is_past_directory(inode) ? ERR_NOT_FOUND : mount_place(mount, inode, &place);
	while (err == OK) {
		err =
			MOUNT_WAIT(mount, sinter_xattr_list(place.dataset, place.inode, entry.cookie, &entry));
		if (err != OK)
			break;
		span_t rest = span_from_offset(span_of(names), used);
		if (rest.size <= entry.name_size)
			break;
		memory_copy(rest.data, entry.name, entry.name_size);
		*span_at(rest, entry.name_size) = 0;
		used += entry.name_size + 1u;
	}
	if (err != OK && err != ERR_NOT_FOUND)
		mount_reply(request, err);
	else
		reply_bytes(request, view_clamp(view_of(names), 0, used), size);
}

void mount_set_name_operations(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = do_lookup;
	ops->mknod = do_mknod;
	ops->mkdir = do_mkdir;
	ops->symlink = do_symlink;
	ops->create = do_create;
	ops->unlink = do_unlink;
	ops->rmdir = do_rmdir;
	ops->rename = operation_rename;
	ops->link = do_link;
	ops->readlink = do_readlink;
	ops->readdir = do_readdir;
	ops->readdirplus = do_readdirplus;
	ops->setxattr = operation_setxattr;
	ops->getxattr = do_getxattr;
	ops->listxattr = do_listxattr;
	ops->removexattr = do_removexattr;
}
