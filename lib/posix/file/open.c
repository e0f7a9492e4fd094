// SPDX-License-Identifier: MIT
// open.c - open, openat, openat2, creat. Names are looked up here; a regular file's memory comes
// from its server, which checks; what else there is needs no call.
#include "lib/posix/file/open.h"

#include "ifc/tree.h"
#include "lib/base/format.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/device.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/scheme.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u32 RACES_MAX = 8; // with others who make or remove the same name
constexpr u32 KNOWN_FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |
                            O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY |
                            O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE;

static u32 access_of(u32 flags)
{
	u32 access = flags & O_ACCMODE;
	u32 wanted = access == O_WRONLY ? 0 : ACCESS_READ;
	return access ? wanted | ACCESS_WRITE : wanted;
}

i64 contents_open(const struct path *path, const struct tree_inode *inode, u32 flags, handle_t *out)
{
	err_t err;
	tree_t server = { mount_connection(path->walk.at.mount) };
	err = tree_open(server, path->walk.at.inode, inode->generation, path->walk.entry, flags, out);
	return err == OK ? 0 : request_error(err);
}

static i64 open_special(struct posix_thread *self, const struct path *path,
	const struct tree_inode *inode, struct opening *opening)
{
	u32 type = inode->mode & MODE_TYPE;
	if (!tree_may(inode, &path->who, access_of(opening->flags)))
		return -EACCES;
	if (type == MODE_CHARACTER && device_is_ours(inode->device)) {
		opening->kind = FILE_NULL;
		AT(opening->detail, 1) = inode->device;
		return 0;
	}
	if (type == MODE_CHARACTER && terminal_open && posix_self()->files.has_terminals)
		return terminal_open(self, path, inode, opening);
	if (type == MODE_CHARACTER && device_is_console(inode->device)) {
		opening->kind = FILE_NULL; // without terminals, the debug console
		AT(opening->detail, 1) = inode->device;
		return 0;
	}
	if (type == MODE_FIFO && fifo_open)
		return fifo_open(self, path, opening);
	return -ENXIO;
}

static i64 open_inode(struct posix_thread *self, const struct path *path,
	const struct tree_inode *inode, struct opening *opening)
{
	u32 flags = opening->flags;
	if (flags & O_PATH) {
		opening->kind = FILE_PATH;
		AT(opening->detail, 1) = path->walk.entry;
		return 0;
	}
	switch (inode->mode & MODE_TYPE) {
	case MODE_REGULAR:
		opening->kind = FILE_REGULAR;
		AT(opening->detail, 1) = path->walk.entry;
		return contents_open(path, inode, flags & (O_ACCMODE | O_TRUNC), &opening->handle);
	case MODE_DIRECTORY:
		if (access_of(flags) & ACCESS_WRITE || flags & O_TRUNC)
			return -EISDIR;
		opening->kind = FILE_DIRECTORY;
		return tree_may(inode, &path->who, ACCESS_READ) ? 0 : -EACCES;
	case MODE_LINK: return -ELOOP;
	default: return open_special(self, path, inode, opening);
	}
}

static i64 check_found(const struct path *path, const struct tree_inode *inode, u32 flags)
{
	u32 type = inode->mode & MODE_TYPE;
	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (type == MODE_LINK && !(flags & O_PATH))
		return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
	if (flags & O_CREAT && type == MODE_DIRECTORY)
		return -EISDIR;
	if (flags & O_DIRECTORY && type != MODE_DIRECTORY)
		return -ENOTDIR;
	if (flags & O_NOATIME && !tree_owns(inode, &path->who))
		return -EPERM;
	return 0;
}

static i64 open_existing(struct posix_thread *self, struct path *path, u32 flags)
{
	struct tree_inode inode;
	TRY_POSIX(path_inode(path, &inode));
	TRY_POSIX(check_found(path, &inode, flags));
	struct opening opening = { .flags = flags,
		.tree = (u16)path->walk.at.mount,
		.inode = path->walk.at.inode,
		.generation = inode.generation,
		.detail = { status_keep(&inode) } };
	TRY_POSIX(open_inode(self, path, &inode, &opening));
	return descriptor_open(self, &opening);
}

struct names_of {
	view_t name, text;
};

static err_t make_brief(tree_t server, const struct tree_brief *brief, struct made *out)
{
	bool opens = brief->open && (brief->mode & MODE_TYPE) == MODE_REGULAR;
	err_t err;
	if (opens)
		err = tree_create_brief(server, brief, &out->inode, &out->generation, &out->contents);
	else
		err = tree_make_brief(server, brief, &out->inode, &out->generation);
	return err;
}

// Names that do not fit into registers.
static i64 make_long(
	tree_t server, const struct tree_request *asked, const struct names_of *names, struct made *out)
{
	struct request request UNINITIALIZED;
	err_t err;
	TRY_POSIX(request_pack(&request, asked, names->name, names->text));
	err = tree_make(server, request.bytes, &out->inode, &out->generation, &out->contents);
	return err == OK ? 0 : request_error(err);
}

i64 tree_make_at(struct posix_thread *self, const struct path *path, const struct making *making,
	struct made *out)
{
	struct tree_request asked = { .serial = request_serial(self),
		.mode = making->mode,
		.device = making->device,
		.open = making->open };
	tree_t server = { mount_connection(path->walk.directory.mount) };
	struct tree_brief brief UNINITIALIZED;
	request_directory(path, &asked);
	if (!request_brief(&brief, &asked, path->walk.name, making->text))
		return make_long(server, &asked, &(struct names_of){ path->walk.name, making->text }, out);
	err_t err = make_brief(server, &brief, out);
	return err == OK ? 0 : request_error(err);
}

static i64 open_new(struct posix_thread *self, struct path *path, const struct open_how *how)
{
	struct made made = {};
	u32 umask = posix_self()->files.umask;
	u32 mode = MODE_REGULAR | (how->mode & MODE_ALL & ~umask);
	if (path->walk.has_slash)
		return -EISDIR;
	TRY_POSIX(tree_make_at(
		self, path, &(struct making){ .mode = mode, .open = (how->flags & O_ACCMODE) + 1 }, &made));
	u32 entry = tree_find(path_tree(path), path->walk.directory.inode, path->walk.name);
	struct opening opening = { .kind = FILE_REGULAR,
		.flags = how->flags,
		.handle = made.contents,
		.tree = (u16)path->walk.directory.mount,
		.inode = made.inode,
		.generation = made.generation,
		.detail = { (u64)path->who.user << 32 | mode, entry } };
	return descriptor_open(self, &opening);
}

i64 open_found(struct posix_thread *self, struct path *path, const struct open_how *how)
{
	if (path->walk.is_remote)
		return scheme_open(self, path, how->flags, how->mode);
	if (path->walk.at.inode != TREE_NONE)
		return open_existing(self, path, how->flags);
	if (!(how->flags & O_CREAT))
		return -ENOENT;
	if (how->flags & O_DIRECTORY)
		return -EINVAL;
	return open_new(self, path, how);
}

static u32 walk_flags(const struct open_how *how)
{
	bool stays = how->flags & O_NOFOLLOW || (how->flags & O_CREAT && how->flags & O_EXCL);
	return how->walk | (stays ? WALK_NO_FOLLOW : 0);
}

static i64 make_nameless(struct posix_thread *self, struct path *path, const struct open_how *how)
{
	struct tree_request asked = { .serial = request_serial(self) };
	struct tree_brief brief UNINITIALIZED;
	i64 number = open_new(self, path, how);
	if (number < 0)
		return number;
	request_directory(path, &asked);
	asked.entry = tree_find(path_tree(path), asked.directory, path->walk.name);
	asked.flags = how->flags & O_EXCL ? 0 : TREE_UNLINK_LINKABLE;
	if (request_brief(&brief, &asked, path->walk.name, (view_t){}))
		(void)tree_unlink_brief((tree_t){ mount_connection(path->walk.directory.mount) }, &brief);
	return number;
}

// O_TMPFILE: a file in this directory whose name goes at once. Without O_EXCL it may get one later.
static i64 open_nameless(
	struct posix_thread *self, i32 directory, u64 user_path, const struct open_how *given)
{
	struct open_how how = { given->flags & ~(u32)(O_TMPFILE | O_CREAT), given->mode, 0 };
	u8 text[TREE_PATH_MAX] UNINITIALIZED, room[32];
	struct path path UNINITIALIZED;
	i64 size = user_copy_string(span_of(text), user_path);
	if (size < 0)
		return size;
	if ((how.flags & O_ACCMODE) == O_RDONLY || given->flags & O_CREAT)
		return -EINVAL;
	TRY_POSIX(path_walk(self, directory, view_clamp(view_of(text), 0, (usize)size), 0, &path));
	if (path.walk.is_remote)
		return -EOPNOTSUPP;
	if (path.walk.at.inode == TREE_NONE)
		return -ENOENT;
	if (tree_type(path_tree(&path), path.walk.at.inode) != MODE_DIRECTORY)
		return -ENOTDIR;
	path.walk.directory = path.walk.at;
	path.walk.at = (struct position){};
	path.walk.has_slash = false;
	path.walk.name = format_view(span_of(room), ".nameless-%lx", request_serial(self));
	return make_nameless(self, &path, &how);
}

i64 open_at(struct posix_thread *self, i32 directory, u64 user_path, const struct open_how *given)
{
	struct path path UNINITIALIZED;
	struct open_how how = *given;
	i64 answer = -EEXIST;
	if (how.flags & O_PATH)
		how.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((how.flags & O_TMPFILE) == O_TMPFILE)
		return open_nameless(self, directory, user_path, &how);
	for (u32 i = 0; i < RACES_MAX; i++) {
		TRY_POSIX(path_at(self, directory, user_path, walk_flags(&how), &path));
		answer = open_found(self, &path, &how);
		bool is_lost = answer == -EEXIST && how.flags & O_CREAT && !(how.flags & O_EXCL);
		if (!is_lost)
			break;
	}
	return answer;
}

i64 call_open(struct posix_thread *self, const struct arguments *arguments)
{
	struct open_how how = { .flags = ARG_U32(1) & KNOWN_FLAGS, .mode = ARG_U32(2) };
	return open_at(self, AT_FDCWD, ARG(0), &how);
}

i64 call_openat(struct posix_thread *self, const struct arguments *arguments)
{
	struct open_how how = { .flags = ARG_U32(2) & KNOWN_FLAGS, .mode = ARG_U32(3) };
	return open_at(self, ARG_INT(0), ARG(1), &how);
}

i64 call_creat(struct posix_thread *self, const struct arguments *arguments)
{
	struct open_how how = { .flags = O_CREAT | O_WRONLY | O_TRUNC, .mode = ARG_U32(1) };
	return open_at(self, AT_FDCWD, ARG(0), &how);
}

// Linux's struct open_how.
struct linux_open_how {
	u64 flags, mode, resolve;
};
enum resolve : u64 {
	RESOLVE_NO_XDEV = 1,
	RESOLVE_NO_MAGICLINKS = 2,
	RESOLVE_NO_SYMLINKS = 4,
	RESOLVE_BENEATH = 8,
	RESOLVE_IN_ROOT = 16,
	RESOLVE_CACHED = 32,
};

static u32 walk_of_resolve(u64 resolve)
{
	return (resolve & RESOLVE_NO_XDEV ? WALK_NO_MOUNTS : 0) |
	       (resolve & RESOLVE_NO_SYMLINKS ? WALK_NO_LINKS | WALK_NO_MAGIC : 0) |
	       (resolve & RESOLVE_NO_MAGICLINKS ? WALK_NO_MAGIC : 0) |
	       (resolve & RESOLVE_BENEATH ? WALK_BENEATH : 0) |
	       (resolve & RESOLVE_IN_ROOT ? WALK_IN_ROOT : 0);
}

// What a later Linux would know beyond: nothing may be asked for there.
static i64 check_rest(u64 address, u64 size)
{
	u8 byte;
	for (u64 at = sizeof(struct linux_open_how); at < size; at++) {
		TRY_POSIX(user_get(byte, address + at));
		if (byte)
			return -E2BIG;
	}
	return 0;
}

i64 call_openat2(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_open_how given;
	u64 flags;
	if (ARG(3) < sizeof given)
		return -EINVAL;
	if (ARG(3) > PAGE_SIZE)
		return -E2BIG;
	TRY_POSIX(user_get(given, ARG(2)));
	TRY_POSIX(check_rest(ARG(2), ARG(3)));
	flags = given.flags;
	bool may_make = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
	if (flags & ~(u64)KNOWN_FLAGS || given.resolve >= 64 || given.mode & ~(u64)MODE_ALL ||
		(given.mode && !may_make) ||
		(given.resolve & RESOLVE_BENEATH && given.resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if (given.resolve & RESOLVE_CACHED)
		return -EAGAIN;
	struct open_how how = { (u32)flags, (u32)given.mode, walk_of_resolve(given.resolve) };
	return open_at(self, ARG_INT(0), ARG(1), &how);
}

i64 call_close(struct posix_thread *self, const struct arguments *arguments)
{
	return descriptor_close(self, ARG_INT(0));
}

i64 file_reopen(struct posix_thread *self, i32 number, u32 flags)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	const struct description *from = file.description;
	struct opening opening = { .kind = (enum file_kind)from->kind,
		.flags = (flags & ~(u32)O_ACCMODE) | (file_flags(&file) & O_ACCMODE),
		.tree = from->tree,
		.inode = from->inode,
		.generation = from->generation,
		.detail = { AT(from->detail, 0), AT(from->detail, 1) } };
	i64 error = 0;
	if (file.handle.raw && handle_duplicate(file.handle, RIGHTS_ALL, &opening.handle) != OK)
		error = -EMFILE;
	if ((flags & O_ACCMODE) != O_RDONLY && !file_is_writable(&file))
		error = -EACCES;
	file_put(self, &file);
	if (error && opening.handle.raw)
		(void)handle_close(opening.handle);
	return error ? error : descriptor_open(self, &opening);
}
