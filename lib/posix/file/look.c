// SPDX-License-Identifier: MIT
// look.c - calls that ask about names or change where paths start: access, readlink, getcwd, chdir,
// chroot, umask, statfs.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/open.h"
#include "lib/posix/file/own.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/scheme.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

static struct file_state *files(void)
{
	return &posix_self()->files;
}

// A remote file is judged by its mode alone; its server has the last word.
static i64 may_remote(struct posix_thread *self, const struct path *path, u32 wanted)
{
	struct linux_stat status;
	TRY_POSIX(scheme_stat(self, path, 0, &status));
	struct tree_inode inode = { .mode = status.mode, .user = status.user, .group = status.group };
	return tree_may(&inode, &path->who, wanted) ? 0 : -EACCES;
}

static i64 may_descriptor(struct posix_thread *self, i32 number, u32 wanted, bool real)
{
	struct tree_credentials who;
	struct tree_inode inode;
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	i64 error = inode_read(
		file.description->tree, file.description->inode, file.description->generation, &inode);
	file_put(self, &file);
	TRY_POSIX(error);
	path_credentials(&who, real);
	return tree_may(&inode, &who, wanted) ? 0 : -EACCES;
}

static i64 may(struct posix_thread *self, i32 directory, u64 user_path, u32 wanted, u32 flags)
{
	struct path path UNINITIALIZED;
	struct tree_inode inode;
	u8 first;
	if (wanted & ~(u32)(R_OK | W_OK | X_OK) ||
		flags & ~(u32)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	bool is_real = !(flags & AT_EACCESS);
	if (flags & AT_EMPTY_PATH && directory != AT_FDCWD && user_get(first, user_path) == 0 && !first)
		return may_descriptor(self, directory, wanted, is_real);
	u32 walk = flags & AT_SYMLINK_NOFOLLOW ? WALK_NO_FOLLOW : 0;
	TRY_POSIX(path_at(self, directory, user_path, walk, &path));
	path_credentials(&path.who, is_real);
	if (path.walk.is_remote)
		return may_remote(self, &path, wanted);
	TRY_POSIX(path_inode(&path, &inode));
	return tree_may(&inode, &path.who, wanted) ? 0 : -EACCES;
}

i64 call_access(struct posix_thread *self, const struct arguments *arguments)
{
	return may(self, AT_FDCWD, ARG(0), ARG_U32(1), 0);
}

i64 call_faccessat(struct posix_thread *self, const struct arguments *arguments)
{
	return may(self, ARG_INT(0), ARG(1), ARG_U32(2), 0);
}

i64 call_faccessat2(struct posix_thread *self, const struct arguments *arguments)
{
	return may(self, ARG_INT(0), ARG(1), ARG_U32(2), ARG_U32(3));
}

// The text of a link, as it was at one moment.
static i64 link_text(const struct tree *tree, struct position at, span_t out)
{
	for (u32 i = 0; i < 64; i++) {
		u32 sequence = tree_begin(tree);
		u32 type = tree_type(tree, at.inode);
		view_t text = view_clamp(tree_link_text(tree, at.inode), 0, out.size);
		(void)span_copy(out, text);
		if (tree_is_same(tree, sequence))
			return type == MODE_LINK ? (i64)text.size : -EINVAL;
		if (i % WALK_TRIES == WALK_TRIES - 1)
			mount_settle(at.mount);
	}
	return -EIO;
}

static i64 link_at(struct posix_thread *self, i32 directory, u64 user_path, span_t text)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_at(self, directory, user_path, WALK_NO_FOLLOW, &path));
	if (path.walk.is_remote)
		return scheme_readlink(self, &path, text);
	if (path.walk.at.inode == TREE_NONE)
		return -ENOENT;
	return link_text(path_tree(&path), path.walk.at, text);
}

// An empty path: the link itself, that was opened with O_PATH.
static i64 link_of_descriptor(struct posix_thread *self, i32 number, span_t text)
{
	struct file_state *state = files();
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	struct tree_inode inode;
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	const struct position at = { file.description->tree, file.description->inode };
	u32 generation = file.description->generation;
	bool is_link = file.description->kind == FILE_PATH &&
	               (AT(file.description->detail, 0) & MODE_TYPE) == MODE_LINK;
	file_put(self, &file);
	if (!is_link)
		return -ENOENT;
	TRY_POSIX(inode_read(at.mount, at.inode, generation, &inode));
	return link_text(names_tree(&names, at.mount), at, text);
}

static i64 readlink(struct posix_thread *self, i32 directory, u64 user_path, u64 buffer, i32 size)
{
	u8 text[TREE_PATH_MAX] UNINITIALIZED, first;
	if (size <= 0)
		return -EINVAL;
	TRY_POSIX(user_get(first, user_path));
	bool is_empty = !first && directory != AT_FDCWD;
	i64 length = is_empty ? link_of_descriptor(self, directory, span_of(text))
	                      : link_at(self, directory, user_path, span_of(text));
	if (length < 0)
		return length;
	length = length < size ? length : size;
	TRY_POSIX(user_copy_out(buffer, text, (usize)length));
	return length;
}

i64 call_readlink(struct posix_thread *self, const struct arguments *arguments)
{
	return readlink(self, AT_FDCWD, ARG(0), ARG(1), ARG_INT(2));
}

i64 call_readlinkat(struct posix_thread *self, const struct arguments *arguments)
{
	return readlink(self, ARG_INT(0), ARG(1), ARG(2), ARG_INT(3));
}

i64 call_getcwd(struct posix_thread *self, const struct arguments *arguments)
{
	u8 room[TREE_PATH_MAX];
	view_t path;
	span_t part = span_clamp(span_of(room), 0, sizeof room - 1); // a zero stands behind it
	TRY_POSIX(place_path(self, &files()->directory, part, &path));
	if (path.size + 1 > ARG(1))
		return -ERANGE;
	TRY_POSIX(user_copy_out(ARG(0), path.data, path.size + 1));
	return (i64)path.size + 1;
}

// A directory that may be entered.
static i64 check_directory(struct posix_thread *self, const struct path *path)
{
	struct tree_inode inode;
	struct linux_stat status;
	if (path->walk.is_remote) {
		TRY_POSIX(scheme_stat(self, path, 0, &status));
		return (status.mode & MODE_TYPE) == MODE_DIRECTORY ? 0 : -ENOTDIR;
	}
	TRY_POSIX(path_inode(path, &inode));
	if ((inode.mode & MODE_TYPE) != MODE_DIRECTORY)
		return -ENOTDIR;
	return tree_may(&inode, &path->who, ACCESS_EXECUTE) ? 0 : -EACCES;
}

i64 call_chdir(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_at(self, AT_FDCWD, ARG(0), 0, &path));
	TRY_POSIX(check_directory(self, &path));
	return place_set(&files()->directory, &path);
}

i64 call_fchdir(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_walk(self, ARG_INT(0), VIEW_TEXT("."), 0, &path));
	TRY_POSIX(check_directory(self, &path));
	return place_set(&files()->directory, &path);
}

i64 call_chroot(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_at(self, AT_FDCWD, ARG(0), 0, &path));
	TRY_POSIX(check_directory(self, &path));
	if (!(path.who.capabilities & CAPABILITY_SYS_CHROOT))
		return -EPERM;
	return path.walk.is_remote ? -EINVAL : place_set(&files()->root, &path);
}

i64 call_umask(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 former = files()->umask;
	files()->umask = ARG_U32(0) & 0777;
	return former;
}

static i64 put_space(u32 mount, u64 address)
{
	constexpr i64 TMPFS_MAGIC = 0x0102'1994, PROC_MAGIC = 0x9fa0;
	struct linux_statfs space = { .type = PROC_MAGIC,
		.block_size = PAGE_SIZE,
		.fragment_size = PAGE_SIZE,
		.name_size = TREE_NAME_MAX };
	if (AT(files()->links, mount % MOUNTS_MAX).kind == MOUNT_TREE) {
		space.type = TMPFS_MAGIC;
		TRY_ERR(tree_space((tree_t){ mount_connection(mount) }, &space.blocks, &space.blocks_free,
			&space.files, &space.files_free));
		space.blocks_available = space.blocks_free;
	}
	return user_put(address, space);
}

i64 call_statfs(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_at(self, AT_FDCWD, ARG(0), 0, &path));
	if (!path.walk.is_remote && path.walk.at.inode == TREE_NONE)
		return -ENOENT;
	return put_space(path.walk.at.mount, ARG(1));
}

i64 call_fstatfs(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	u32 mount = file.description->tree;
	file_put(self, &file);
	return put_space(mount, ARG(1));
}
