// SPDX-License-Identifier: MIT
// bind.c - see bind.h. A bound directory or file of a tree is one more mount of that tree, with
// another root. Of a place without a table (below /proc or /scheme) the connection and the way are
// kept, and paths that end there are asked for behind that way. Entries of the table are not used
// twice: descriptors and working directories name them.
#include "lib/posix/file/bind.h"

#include "ifc/name.h"
#include "lib/base/atomic.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/file/own.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/scheme.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr usize LIST_ROOM = 32 * 1024;

enum mount_flag : u64 { MOUNT_BIND = 4096, MOUNT_RECURSIVE = 16384, MOUNT_SILENT = 32768 };
constexpr u64 MOUNT_PROPAGATION = 15ull
                                  << 17; // shared, private, slave, unbindable: all are private

static struct file_state *files(void)
{
	return &posix_self()->files;
}

static i64 text_of(struct posix_thread *self, struct path *path, span_t room, view_t *out)
{
	struct place place = { .at = path->walk.at };
	if (path->walk.is_remote && path->remote.size) {
		place.text = &AT(path->scratch, 0);
		place.text_size = (u32)path->remote.size;
	} else if (path->walk.last == LAST_NAME) {
		return path_text(self, path, room, out);
	} else if (!path->walk.is_remote) {
		place.generation = tree_inode(path_tree(path), place.at.inode)->generation;
	}
	return place_path(self, &place, room, out);
}

static i64 is_directory(struct posix_thread *self, const struct path *path, bool *out)
{
	struct linux_stat status;
	struct tree_inode inode;
	if (path->walk.is_remote) {
		TRY_POSIX(scheme_stat(self, path, 0, &status));
		*out = (status.mode & MODE_TYPE) == MODE_DIRECTORY;
		return 0;
	}
	TRY_POSIX(path_inode(path, &inode));
	*out = (inode.mode & MODE_TYPE) == MODE_DIRECTORY;
	return 0;
}

// What path came to becomes a mount; all but where it is shown.
static i64 show_tree(const struct path *path, struct mount *mount)
{
	const struct tree *tree = path_tree(path);
	mount->tree = names_mount(&path->names, path->walk.at.mount)->tree;
	mount->root = path->walk.at.inode;
	mount->root_generation = tree_inode(tree, mount->root)->generation;
	mount->entry = path->walk.entry;
	return 0;
}

// A scheme is kept open: it stays when /scheme does not.
static i64 show_remote(const struct path *path, struct mount *mount, struct mount_link *link)
{
	const struct mount_link *origin = &AT(files()->links, path->walk.at.mount % MOUNTS_MAX);
	view_t way = path->remote, name;
	mount->is_remote = true;
	*link = (struct mount_link){ .kind = origin->kind, .origin = path->walk.at.mount };
	if (origin->kind == MOUNT_NAMES && way.size) {
		if (!text_split(path->remote, '/', &name, &way)) {
			name = path->remote;
			way = (view_t){};
		}
		err_t err = name_open((name_t){ origin->connection }, name, &link->connection);
		if (err != OK)
			return request_error(err);
		link->kind = MOUNT_SERVER;
		link->origin = files()->mount_count;
	}
	link->is_bound = 1;
	link->way_size = (u32)way.size;
	link->way = way.size ? heap_take(way.size) : nullptr;
	if (way.size && !link->way)
		return -ENOMEM;
	return span_copy(span_from(link->way, way.size), way) == OK ? 0 : -ENOMEM;
}

static i64 set_line(
	struct posix_thread *self, struct path *from, struct path *to, struct mount_link *link)
{
	u8 first[TREE_PATH_MAX] UNINITIALIZED, second[TREE_PATH_MAX] UNINITIALIZED;
	view_t shown, at, rest = VIEW_TEXT(" none rw,bind 0 0\n");
	TRY_POSIX(text_of(self, from, span_of(first), &shown));
	TRY_POSIX(text_of(self, to, span_of(second), &at));
	usize size = shown.size + 1 + at.size + rest.size;
	link->line = heap_take(size + 1); // format ends with a zero
	if (!link->line)
		return -ENOMEM;
	link->line_size = (u32)size;
	link->from_size = (u32)shown.size;
	link->to_size = (u32)at.size;
	(void)format(span_from(link->line, size + 1), "%v %v%v", &shown, &at, &rest);
	return 0;
}

static void forget(struct mount_link *link)
{
	if (link->is_bound && link->kind == MOUNT_SERVER && link->connection.raw)
		(void)handle_close(link->connection);
	heap_give(link->way, link->way_size);
	heap_give(link->line, link->line ? link->line_size + 1 : 0);
	*link = (struct mount_link){};
}

static i64 check(struct posix_thread *self, const struct path *from, const struct path *to)
{
	bool is_folder, is_cover;
	if (to->walk.is_remote)
		return -EINVAL;
	TRY_POSIX(is_directory(self, from, &is_folder));
	TRY_POSIX(is_directory(self, to, &is_cover));
	if (is_folder != is_cover)
		return -ENOTDIR;
	if (to->walk.last == LAST_ROOT)
		return -EBUSY;
	return files()->mount_count < MOUNTS_MAX ? 0 : -ENOSPC;
}

static i64 bind(struct posix_thread *self, struct path *from, struct path *to)
{
	struct file_state *state = files();
	struct mount mount = { .is_used = true,
		.above = (u16)to->walk.at.mount,
		.point = to->walk.at.inode,
		.generation = tree_inode(path_tree(to), to->walk.at.inode)->generation };
	struct mount_link link = { .kind = MOUNT_TREE };
	TRY_POSIX(check(self, from, to));
	i64 error = from->walk.is_remote ? show_remote(from, &mount, &link) : show_tree(from, &mount);
	if (!error)
		error = set_line(self, from, to, &link);
	if (error) {
		forget(&link);
		return error;
	}
	AT(state->mounts, state->mount_count) = mount;
	AT(state->links, state->mount_count) = link;
	atomic_store_release(&state->mount_count, state->mount_count + 1);
	atomic_store_relaxed(&state->is_bound, 1u);
	return 0;
}

i64 namespace_bind(struct posix_thread *self, u64 from_address, u64 to_address)
{
	struct path from UNINITIALIZED, to UNINITIALIZED;
	TRY_POSIX(path_at(self, AT_FDCWD, from_address, 0, &from));
	TRY_POSIX(path_at(self, AT_FDCWD, to_address, 0, &to));
	posix_lock_take(&files()->lock);
	i64 error = bind(self, &from, &to);
	posix_lock_give(&files()->lock);
	return error;
}

static view_t place_of(u32 index)
{
	const struct mount_link *link = &AT(files()->links, index);
	view_t line = view_from(link->line, link->line_size);
	if (line.size)
		return view_clamp(view_from_offset(line, link->from_size + 1), 0, link->to_size);
	return link->kind == MOUNT_PROC    ? VIEW_TEXT("/proc")
	       : link->kind == MOUNT_NAMES ? VIEW_TEXT("/scheme")
	                                   : VIEW_TEXT("/");
}

// Connections of the namespace's own go with their place; what is open stays open.
static void unmount(u32 index)
{
	struct file_state *state = files();
	struct mount_link *link = &AT(state->links, index);
	AT(state->mounts, index).is_used = false;
	if (link->kind == MOUNT_NAMES && !link->is_bound) {
		(void)handle_close(link->connection);
		link->connection = state->name = HANDLE_NONE;
	}
}

i64 namespace_unbind(struct posix_thread *self, u64 address)
{
	struct path path UNINITIALIZED;
	u8 room[TREE_PATH_MAX] UNINITIALIZED;
	view_t text;
	TRY_POSIX(path_at(self, AT_FDCWD, address, 0, &path));
	if (path.walk.last != LAST_NAME)
		return -EINVAL;
	TRY_POSIX(path_text(self, &path, span_of(room), &text));
	i64 error = -EINVAL;
	posix_lock_take(&files()->lock);
	for (u32 i = files()->mount_count; i-- > 1 && error;) {
		if (!AT(files()->mounts, i).is_used || !view_equal(place_of(i), text))
			continue;
		unmount(i);
		error = 0;
	}
	atomic_store_relaxed(&files()->is_bound, 1u);
	posix_lock_give(&files()->lock);
	return error;
}

i64 bound_redirect(struct path *path)
{
	const struct mount_link *link = &AT(files()->links, path->walk.at.mount % MOUNTS_MAX);
	if (!link->is_bound)
		return 0;
	view_t rest = path->remote, way = view_from(link->way, link->way_size);
	usize slash = rest.size && way.size ? 1 : 0;
	span_t room = span_of(path->scratch);
	if (way.size + slash + rest.size > room.size)
		return -ENAMETOOLONG;
	TRY_ERR(span_copy(span_from_offset(room, way.size + slash), rest));
	if (slash)
		*span_at(room, way.size) = '/';
	TRY_ERR(span_copy(room, way));
	path->remote = view_clamp(span_view(room), 0, way.size + slash + rest.size);
	path->walk.at.mount = link->origin;
	return 0;
}

static usize write_list(span_t to)
{
	usize at = format(to, "ramfs / tmpfs rw 0 0\n");
	for (u32 i = 1; i < files()->mount_count; i++) {
		const struct mount_link *link = &AT(files()->links, i);
		view_t line = view_from(link->line, link->line_size);
		if (!AT(files()->mounts, i).is_used)
			continue;
		if (!line.size)
			line = link->kind == MOUNT_PROC ? VIEW_TEXT("proc /proc proc rw 0 0\n")
			                                : VIEW_TEXT("scheme /scheme scheme rw 0 0\n");
		at += format(span_from_offset(to, at), "%v", &line);
	}
	return at < to.size ? at : to.size;
}

static i64 make_list(struct opening *opening)
{
	u8 *text = heap_take(LIST_ROOM);
	u64 done;
	if (!text)
		return -ENOMEM;
	view_t list = view_from(text, write_list(span_from(text, LIST_ROOM)));
	err_t err =
		memory_create(MEMORY_KIND_ANONYMOUS, LIST_ROOM, HANDLE_NONE, 0, 0, &opening->handle);
	if (err == OK)
		err = memory_control(opening->handle, MEMORY_OPERATION_RESIZE, list.size, 0, &done);
	if (err == OK)
		err = memory_write(opening->handle, 0, list, &done);
	heap_give(text, LIST_ROOM);
	opening->kind = FILE_MEMORY;
	AT(opening->detail, 0) = MODE_REGULAR | 0444;
	return err == OK ? 0 : -ENOMEM;
}

bool bound_list(const struct path *path, struct opening *opening, i64 *error)
{
	if (!own_is(path, VIEW_TEXT("mounts")))
		return false;
	*error = opening->flags & (O_ACCMODE | O_DIRECTORY) ? -EACCES : make_list(opening);
	return true;
}

static bool may_mount(void)
{
	return posix_self()->identity.credentials.effective & CAPABILITY_SYS_ADMIN;
}

// Of all that Linux mounts there is bind; file systems come from servers, by their schemes.
i64 call_mount(struct posix_thread *self, const struct arguments *arguments)
{
	u64 flags = ARG(3) & ~(u64)(MOUNT_RECURSIVE | MOUNT_SILENT);
	if (!may_mount())
		return -EPERM;
	if (flags == MOUNT_BIND)
		return namespace_bind(self, ARG(0), ARG(1));
	return flags && !(flags & ~MOUNT_PROPAGATION) ? 0 : -ENODEV;
}

i64 call_umount2(struct posix_thread *self, const struct arguments *arguments)
{
	return may_mount() ? namespace_unbind(self, ARG(0)) : -EPERM;
}
