// SPDX-License-Identifier: MIT
// watcher.c - inotify: an open file of EVENT_WATCHER is a watcher of the file server's, which keeps
// watches and records (ifc/tree.ifc). handle: its connection.
#include "ifc/tree.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/kinds.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/file/path.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/tree/inotify.h"
#include "os/syscalls.h"

constexpr u32 ROOM = 4096;
constexpr u32 KNOWN = IN_ALL_EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK |
                      IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT;

static i64 watcher_make(struct posix_thread *self, u32 flags)
{
	handle_t handle;
	if (flags & ~(u32)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	err_t err = tree_watcher((tree_t){ mount_connection(0) }, &handle);
	if (err != OK)
		return err == ERR_QUOTA ? -EMFILE : posix_error(err);
	return event_install(self, EVENT_WATCHER, handle, flags, (const u64[2]){});
}

i64 call_inotify_init(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	return watcher_make(self, 0);
}

i64 call_inotify_init1(struct posix_thread *self, const struct arguments *arguments)
{
	return watcher_make(self, ARG_U32(0));
}

static i64 watcher_get(struct posix_thread *self, i32 number, struct file *out)
{
	TRY_POSIX(file_get(self, number, out));
	if (out->description->kind == FILE_EVENT && out->description->tree == EVENT_WATCHER)
		return 0;
	file_put(self, out);
	return -EINVAL;
}

// What path came to. Nothing that this server does not know ever tells of anything.
static i64 add(const struct file *file, const struct path *path, u32 mask)
{
	struct tree_inode inode = {};
	u32 watch, number = path->walk.is_remote ? TREE_NONE : path->walk.at.inode;
	if (number != TREE_NONE || !path->walk.is_remote) {
		TRY_POSIX(path_inode(path, &inode));
		if (mask & IN_ONLYDIR && (inode.mode & MODE_TYPE) != MODE_DIRECTORY)
			return -ENOTDIR;
		if (!tree_may(&inode, &path->who, ACCESS_READ))
			return -EACCES;
	}
	err_t err = tree_watch_add((tree_t){ file->handle }, number, inode.generation, mask, &watch);
	return err == OK ? watch : err == ERR_QUOTA ? -ENOSPC : posix_error(err);
}

i64 call_inotify_add_watch(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	struct file file;
	u32 mask = ARG_U32(2);
	if (!(mask & IN_ALL_EVENTS) || mask & ~KNOWN || (mask & IN_MASK_ADD && mask & IN_MASK_CREATE))
		return -EINVAL;
	TRY_POSIX(watcher_get(self, ARG_INT(0), &file));
	i64 answer = path_at(self, AT_FDCWD, ARG(1), mask & IN_DONT_FOLLOW ? WALK_NO_FOLLOW : 0, &path);
	if (answer >= 0)
		answer = add(&file, &path, mask);
	file_put(self, &file);
	return answer;
}

i64 call_inotify_rm_watch(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(watcher_get(self, ARG_INT(0), &file));
	err_t err =
		ARG_INT(1) > 0 ? tree_watch_remove((tree_t){ file.handle }, ARG_U32(1)) : ERR_NOT_FOUND;
	file_put(self, &file);
	return err == ERR_NOT_FOUND ? -EINVAL : posix_error(err);
}

// As many records as fit.
static i64 take(const struct file *file, u64 address, u64 size)
{
	u8 bytes[ROOM]; // zeroed, and so present
	u64 done = 0;
	while (done < size) {
		u64 room = size - done < ROOM ? size - done : ROOM;
		u32 part;
		err_t err =
			tree_watch_take((tree_t){ file->handle }, span_clamp(span_of(bytes), 0, room), &part);
		if (err != OK && done)
			break;
		if (err != OK)
			return err == ERR_TOO_BIG ? -EINVAL : posix_error(err);
		TRY_POSIX(user_copy_out(address + done, bytes, part < room ? part : room));
		done += part;
	}
	return (i64)done;
}

i64 watcher_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u32 observed;
	for (;;) {
		i64 answer = take(file, transfer->address, transfer->size);
		if (answer != -EAGAIN)
			return answer;
		if (!stream_deadline(file))
			return -EAGAIN;
		TRY_ERR(wait_object(self, file->handle, TREE_EVENT_READABLE, DEADLINE_NEVER, &observed));
	}
}

i64 watcher_size(const struct file *file, u64 argument)
{
	u32 bytes;
	TRY_ERR(tree_watch_size((tree_t){ file->handle }, &bytes));
	return user_put(argument, bytes);
}
