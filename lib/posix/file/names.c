// SPDX-License-Identifier: MIT
// names.c - calls that make, move and take away names. The directory is found in the process; the
// change is one request to its server.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/open.h"
#include "lib/posix/file/own.h"
#include "lib/posix/file/request.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

static tree_t server_of(const struct path *path)
{
	return (tree_t){ mount_connection(path->walk.directory.mount) };
}

// Something new can be made at the end of this path.
static i64 check_new(const struct path *path, bool is_directory)
{
	if (path->walk.is_remote)
		return -EPERM;
	if (path->walk.last != LAST_NAME || path->walk.at.inode != TREE_NONE)
		return -EEXIST;
	return path->walk.has_slash && !is_directory ? -ENOENT : 0;
}

static i64 make(
	struct posix_thread *self, i32 directory, u64 user_path, const struct making *making)
{
	struct path path UNINITIALIZED;
	struct made made;
	bool is_directory = (making->mode & MODE_TYPE) == MODE_DIRECTORY;
	TRY_POSIX(path_at(self, directory, user_path, WALK_NO_FOLLOW, &path));
	TRY_POSIX(check_new(&path, is_directory));
	return tree_make_at(self, &path, making, &made);
}

static u32 masked(u32 mode)
{
	return mode & MODE_ALL & ~posix_self()->files.umask;
}

static i64 make_directory(struct posix_thread *self, i32 directory, u64 path, u32 mode)
{
	struct making making = { .mode = MODE_DIRECTORY | masked(mode & 01777) };
	return make(self, directory, path, &making);
}

i64 call_mkdir(struct posix_thread *self, const struct arguments *arguments)
{
	return make_directory(self, AT_FDCWD, ARG(0), ARG_U32(1));
}

i64 call_mkdirat(struct posix_thread *self, const struct arguments *arguments)
{
	return make_directory(self, ARG_INT(0), ARG(1), ARG_U32(2));
}

static i64 make_node(struct posix_thread *self, i32 directory, u64 path, const struct making *given)
{
	struct making making = *given;
	u32 type = making.mode & MODE_TYPE;
	if (type == MODE_DIRECTORY)
		return -EPERM;
	if (type == MODE_LINK)
		return -EINVAL;
	making.mode = (type ? type : MODE_REGULAR) | masked(making.mode);
	return make(self, directory, path, &making);
}

i64 call_mknod(struct posix_thread *self, const struct arguments *arguments)
{
	return make_node(
		self, AT_FDCWD, ARG(0), &(struct making){ .mode = ARG_U32(1), .device = ARG_U32(2) });
}

i64 call_mknodat(struct posix_thread *self, const struct arguments *arguments)
{
	return make_node(
		self, ARG_INT(0), ARG(1), &(struct making){ .mode = ARG_U32(2), .device = ARG_U32(3) });
}

static i64 make_link(struct posix_thread *self, u64 target, i32 directory, u64 path)
{
	u8 text[TREE_PATH_MAX] UNINITIALIZED;
	i64 size = user_copy_string(span_of(text), target);
	if (size < 0)
		return size;
	struct making making = { .mode = MODE_LINK | 0777,
		.text = view_clamp(view_of(text), 0, (usize)size) };
	return size ? make(self, directory, path, &making) : -ENOENT;
}

i64 call_symlink(struct posix_thread *self, const struct arguments *arguments)
{
	return make_link(self, ARG(0), AT_FDCWD, ARG(1));
}

i64 call_symlinkat(struct posix_thread *self, const struct arguments *arguments)
{
	return make_link(self, ARG(0), ARG_INT(1), ARG(2));
}

// What an O_PATH or other descriptor stands for (AT_EMPTY_PATH).
static i64 ask_for_descriptor(struct posix_thread *self, i32 number, struct tree_request *asked)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	asked->inode = file.description->inode;
	asked->generation = file.description->generation;
	asked->entry = (u32)AT(file.description->detail, 1);
	file_put(self, &file);
	return asked->inode ? 0 : -EXDEV;
}

struct linking {
	i32 from_directory, to_directory;
	u64 from, to;
	u32 flags;
};

static i64 ask_for_link(
	struct posix_thread *self, const struct linking *linking, struct tree_request *asked)
{
	struct path from UNINITIALIZED;
	i32 number;
	u8 first;
	if (linking->flags & AT_EMPTY_PATH && user_get(first, linking->from) == 0 && !first)
		return ask_for_descriptor(self, linking->from_directory, asked);
	u32 walk = linking->flags & AT_SYMLINK_FOLLOW ? 0 : WALK_NO_FOLLOW;
	TRY_POSIX(path_at(self, linking->from_directory, linking->from, walk, &from));
	if (from.walk.is_remote)
		return walk || !own_descriptor(&from, &number) ? -EXDEV
		                                               : ask_for_descriptor(self, number, asked);
	if (from.walk.at.inode == TREE_NONE)
		return -ENOENT;
	request_inode(&from, asked);
	return 0;
}

static i64 link(struct posix_thread *self, const struct linking *linking)
{
	struct tree_request asked = { .serial = request_serial(self) };
	struct path to UNINITIALIZED;
	struct request request UNINITIALIZED;
	if (linking->flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	TRY_POSIX(ask_for_link(self, linking, &asked));
	TRY_POSIX(path_at(self, linking->to_directory, linking->to, WALK_NO_FOLLOW, &to));
	TRY_POSIX(check_new(&to, false));
	request_directory(&to, &asked);
	TRY_POSIX(request_pack(&request, &asked, to.walk.name, (view_t){}));
	err_t err = tree_link(server_of(&to), request.bytes);
	return err == ERR_TOO_BIG ? -EMLINK : request_error(err);
}

i64 call_link(struct posix_thread *self, const struct arguments *arguments)
{
	return link(self, &(struct linking){ AT_FDCWD, AT_FDCWD, ARG(0), ARG(1), 0 });
}

i64 call_linkat(struct posix_thread *self, const struct arguments *arguments)
{
	return link(self, &(struct linking){ ARG_INT(0), ARG_INT(2), ARG(1), ARG(3), ARG_U32(4) });
}

static i64 check_unlink(const struct path *path, u32 flags)
{
	if (path->walk.is_remote)
		return -EPERM;
	if (flags & AT_REMOVEDIR)
		switch (path->walk.last) {
		case LAST_NAME: break;
		case LAST_DOT: return -EINVAL;
		case LAST_PARENT: return -ENOTEMPTY;
		case LAST_ROOT: return -EBUSY;
		}
	else if (path->walk.last != LAST_NAME)
		return -EISDIR;
	if (path->walk.at.inode == TREE_NONE)
		return -ENOENT;
	if (path->walk.at.mount != path->walk.directory.mount)
		return -EBUSY; // something is mounted there
	u32 type = tree_type(path_tree(path), path->walk.at.inode);
	return path->walk.has_slash && !(flags & AT_REMOVEDIR) && type == MODE_DIRECTORY ? -EISDIR : 0;
}

static i64 unlink(struct posix_thread *self, i32 directory, u64 user_path, u32 flags)
{
	struct path path UNINITIALIZED;
	struct request request UNINITIALIZED;
	struct tree_brief brief UNINITIALIZED;
	struct tree_request asked = { .serial = request_serial(self), .flags = flags };
	if (flags & ~(u32)AT_REMOVEDIR)
		return -EINVAL;
	TRY_POSIX(path_at(self, directory, user_path, WALK_NO_FOLLOW, &path));
	TRY_POSIX(check_unlink(&path, flags));
	request_directory(&path, &asked);
	asked.entry = path.walk.entry;
	err_t err;
	if (request_brief(&brief, &asked, path.walk.name, (view_t){})) {
		err = tree_unlink_brief(server_of(&path), &brief);
	} else {
		TRY_POSIX(request_pack(&request, &asked, path.walk.name, (view_t){}));
		err = tree_unlink(server_of(&path), request.bytes);
	}
	return request_error(err);
}

i64 call_unlink(struct posix_thread *self, const struct arguments *arguments)
{
	return unlink(self, AT_FDCWD, ARG(0), 0);
}

i64 call_unlinkat(struct posix_thread *self, const struct arguments *arguments)
{
	return unlink(self, ARG_INT(0), ARG(1), ARG_U32(2));
}

i64 call_rmdir(struct posix_thread *self, const struct arguments *arguments)
{
	return unlink(self, AT_FDCWD, ARG(0), AT_REMOVEDIR);
}

// Both ends of a rename, walked.
static i64 check_rename(const struct path *from, const struct path *to, u32 flags)
{
	if (from->walk.is_remote || to->walk.is_remote ||
		from->walk.directory.mount != to->walk.directory.mount)
		return -EXDEV;
	if (from->walk.last != LAST_NAME)
		return -EBUSY;
	if (to->walk.last != LAST_NAME)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (from->walk.at.inode == TREE_NONE)
		return -ENOENT;
	bool is_directory = tree_type(path_tree(from), from->walk.at.inode) == MODE_DIRECTORY;
	bool has_slash = from->walk.has_slash || (to->walk.has_slash && !(flags & RENAME_EXCHANGE));
	return has_slash && !is_directory ? -ENOTDIR : 0;
}

static i64 rename(struct posix_thread *self, const struct linking *names)
{
	struct path from UNINITIALIZED, to UNINITIALIZED;
	struct request request UNINITIALIZED;
	struct tree_brief brief UNINITIALIZED;
	struct tree_request asked = { .serial = request_serial(self), .flags = names->flags };
	u32 known = RENAME_NOREPLACE | RENAME_EXCHANGE;
	if (names->flags & ~known || names->flags == known)
		return -EINVAL;
	TRY_POSIX(path_at(self, names->from_directory, names->from, WALK_NO_FOLLOW, &from));
	TRY_POSIX(path_at(self, names->to_directory, names->to, WALK_NO_FOLLOW, &to));
	TRY_POSIX(check_rename(&from, &to, names->flags));
	request_directory(&to, &asked);
	asked.inode = asked.directory;
	asked.generation = asked.directory_generation;
	request_directory(&from, &asked);
	err_t err;
	if (request_brief(&brief, &asked, from.walk.name, to.walk.name)) {
		err = tree_rename_brief(server_of(&from), &brief);
	} else {
		TRY_POSIX(request_pack(&request, &asked, from.walk.name, to.walk.name));
		err = tree_rename(server_of(&from), request.bytes);
	}
	return request_error(err);
}

i64 call_rename(struct posix_thread *self, const struct arguments *arguments)
{
	return rename(self, &(struct linking){ AT_FDCWD, AT_FDCWD, ARG(0), ARG(1), 0 });
}

i64 call_renameat(struct posix_thread *self, const struct arguments *arguments)
{
	return rename(self, &(struct linking){ ARG_INT(0), ARG_INT(2), ARG(1), ARG(3), 0 });
}

i64 call_renameat2(struct posix_thread *self, const struct arguments *arguments)
{
	return rename(self, &(struct linking){ ARG_INT(0), ARG_INT(2), ARG(1), ARG(3), ARG_U32(4) });
}
