// SPDX-License-Identifier: MIT
// path.h - from a path of the program's to a place in the namespace. A struct path is large: one or
// two on the stack, left uninitialised but for what path_at fills.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/file.h"

NONNULL_BEGIN

struct path {
	struct walk walk;
	struct names names;
	struct tree_credentials who;
	view_t text;   // the program's path
	view_t remote; // is_remote: the way below the mount, without dots and doubled slashes
	u8 bytes[TREE_PATH_MAX];
	u8 scratch[WALK_SCRATCH];
};

// Walks a path of the program's from a directory (a descriptor or AT_FDCWD). An empty one is
// -ENOENT. flags: enum walk_flag.
i64 path_at(struct posix_thread *self, i32 directory, u64 user_path, u32 flags, struct path *out);
// The same for a path that the library has.
i64 path_walk(struct posix_thread *self, i32 directory, view_t text, u32 flags, struct path *out);
// Who this process is to files; real: its real ids, as access asks for.
void path_credentials(struct tree_credentials *out, bool real);

static inline const struct tree *path_tree(const struct path *path)
{
	return names_tree(&path->names, path->walk.at.mount);
}
// A copy of an inode as it was at one moment. -ENOENT: it is not this one any more (generation 0:
// any). -EIO: the table is never quiet.
i64 inode_read(u32 mount, u32 inode, u32 generation, struct tree_inode *out);
// The same of what path came to; -ENOENT if there is nothing.
i64 path_inode(const struct path *path, struct tree_inode *out);
// What a request to the mount's server begins with.
handle_t mount_connection(u32 mount);
u64 request_serial(struct posix_thread *self);
// Some server changes its table all the time: waits until it is done with that.
void mount_settle(u32 mount);

// A place becomes what path came to (chdir, chroot). Takes nothing.
i64 place_set(struct place *place, const struct path *path);
void place_drop(struct place *place);
// The absolute path of a place, below root, at the end of out. -ENOENT: it was removed.
i64 place_path(struct posix_thread *self, const struct place *place, span_t out, view_t *path);
// An absolute path of the name that a walk ended with (LAST_NAME), at the end of room.
i64 path_text(struct posix_thread *self, const struct path *path, span_t room, view_t *out);
// A directory that a descriptor stands for; room: for the way to one in /proc. -EBADF, -ENOTDIR.
constexpr usize PLACE_ROOM = 128;
i64 place_of_descriptor(struct posix_thread *self, i32 number, span_t room, struct place *out);

NONNULL_END
