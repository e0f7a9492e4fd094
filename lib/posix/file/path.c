// SPDX-License-Identifier: MIT
// path.c - see path.h. Walks are done in the process, in the servers' published tables (lib/tree).
#include "lib/posix/file/path.h"

#include "ifc/file.h"
#include "ifc/tree.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/bind.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/own.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/process/process.h"

constexpr u32 OWN_LINKS_MAX = 8; // of /proc/self/exe and the like, in one path
constexpr u32 SETTLE_TRIES = 64;

static struct file_state *files(void)
{
	return &posix_self()->files;
}

handle_t mount_connection(u32 mount)
{
	const struct file_state *state = files();
	if (mount >= state->mount_count)
		return HANDLE_NONE;
	const struct mount_link *link = &AT(state->links, mount);
	if (link->kind == MOUNT_PROC)
		return posix_self()->identity.connection;
	if (link->kind != MOUNT_TREE)
		return link->connection;
	return AT(state->sources, AT(state->mounts, mount).tree % TREES_MAX).connection;
}

void mount_settle(u32 mount)
{
	(void)tree_settle((tree_t){ mount_connection(mount) });
}

// Never given twice: no two threads of one pid are at the same tick of the clock, nor other pids'
// likely.
u64 request_serial(struct posix_thread *self)
{
	(void)self;
	return (__builtin_ia32_rdtsc() << 12 | (posix_self()->identity.pid & 0xfff)) + 1;
}

void path_credentials(struct tree_credentials *out, bool real)
{
	const struct proc_credentials *mine = &posix_self()->identity.credentials;
	u32 count = mine->groups_count < COUNT(mine->groups) ? mine->groups_count : COUNT(mine->groups);
	*out = (struct tree_credentials){ .user = mine->file_user,
		.group = mine->file_group,
		.capabilities = mine->effective,
		.groups = mine->groups,
		.group_count = count };
	if (!real)
		return;
	out->user = mine->user;
	out->group = mine->group;
	out->capabilities = mine->user ? 0 : mine->permitted;
}

// Ends a way with a descriptor: what is above that is not for text to say.
static bool ends_in_descriptor(const struct path *path, usize size)
{
	view_t way = view_clamp(view_of(path->scratch), 0, size);
	usize at = size;
	while (at && view_at(way, at - 1) >= '0' && view_at(way, at - 1) <= '9')
		at--;
	return at < size && at >= 4 && view_equal(view_clamp(way, at - 4, 4), VIEW_TEXT("/fd/"));
}

// "123/fd/../stat" becomes "123/stat". Done in place at the front of scratch: it never gets longer.
static void tidy_remote(struct path *path)
{
	view_t rest = path->walk.rest;
	usize size = 0;
	while (rest.size) {
		usize end = view_find(rest, '/');
		view_t name = view_clamp(rest, 0, end);
		rest = view_from_offset(rest, end + 1);
		if (!name.size || view_equal(name, VIEW_TEXT(".")))
			continue;
		if (view_equal(name, VIEW_TEXT("..")) && !ends_in_descriptor(path, size)) {
			while (size && AT(path->scratch, size - 1) != '/')
				size--;
			size -= size != 0;
			continue;
		}
		if (size)
			AT(path->scratch, size++) = '/';
		(void)span_copy(span_from_offset(span_of(path->scratch), size), name);
		size += name.size;
	}
	path->remote = view_clamp(view_of(path->scratch), 0, size);
}

// The way to a remote start is put before the path.
static i64 join(const struct place *start, struct path *path)
{
	span_t room = span_of(path->bytes);
	view_t way = view_from(start->text, start->text_size);
	usize size = way.size + 1 + path->text.size;
	if (size >= room.size)
		return -ENAMETOOLONG;
	(void)span_copy(span_from_offset(room, way.size + 1), path->text);
	(void)span_copy(room, way);
	AT(path->bytes, way.size) = '/';
	path->text = view_clamp(view_of(path->bytes), 0, size);
	return 0;
}

static i64 set_start(struct path *path, const struct place *start)
{
	const struct mount *mount = names_mount(&path->names, start->at.mount);
	path->walk.start = start->at;
	if (path->text.size && view_at(path->text, 0) == '/')
		return 0;
	if (mount->is_remote)
		return start->text_size ? join(start, path) : 0;
	const struct tree_inode *inode =
		tree_inode(names_tree(&path->names, start->at.mount), start->at.inode);
	return inode->generation == start->generation ? 0 : -ENOENT;
}

static void prepare(struct path *path)
{
	const struct file_state *state = files();
	path->names =
		(struct names){ state->trees, state->tree_count, state->mounts, state->mount_count };
	path_credentials(&path->who, false);
	path->walk = (struct walk){ .names = &path->names,
		.who = &path->who,
		.root = state->root.at,
		.scratch = span_of(path->scratch) };
}

static i64 walk(struct posix_thread *self, struct path *path)
{
	err_t err = ERR_BUSY;
	for (u32 i = 0; i < SETTLE_TRIES && err == ERR_BUSY; i++) {
		if (i)
			mount_settle(0);
		err = tree_walk(&path->walk, path->text);
	}
	if (err == OK && path->walk.is_remote) {
		tidy_remote(path);
		TRY_POSIX(bound_redirect(path));
		return own_names(self, path);
	}
	return err == OK ? 0 : err == ERR_BUSY ? -EIO : posix_error(err);
}

static i64 walk_from(struct posix_thread *self, i32 directory, struct path *path)
{
	struct place start = files()->directory;
	u8 room[PLACE_ROOM] UNINITIALIZED;
	if (!path->text.size)
		return -ENOENT;
	if (directory != AT_FDCWD && view_at(path->text, 0) != '/')
		TRY_POSIX(place_of_descriptor(self, directory, span_of(room), &start));
	TRY_POSIX(set_start(path, &start));
	TRY_POSIX(walk(self, path));
	for (u32 i = 0; path->walk.is_remote && own_leads_out(self, path); i++) {
		if (i == OWN_LINKS_MAX || path->walk.flags & WALK_NO_MAGIC)
			return -ELOOP;
		if (path->walk.flags & (WALK_BENEATH | WALK_IN_ROOT))
			return -EXDEV;
		TRY_POSIX(walk(self, path));
	}
	return 0;
}

i64 path_at(struct posix_thread *self, i32 directory, u64 user_path, u32 flags, struct path *out)
{
	i64 size = user_copy_string(span_of(out->bytes), user_path);
	if (size < 0)
		return size;
	prepare(out);
	out->walk.flags = flags;
	out->text = view_clamp(view_of(out->bytes), 0, (usize)size);
	return walk_from(self, directory, out);
}

i64 path_walk(struct posix_thread *self, i32 directory, view_t text, u32 flags, struct path *out)
{
	if (text.size >= sizeof out->bytes)
		return -ENAMETOOLONG;
	prepare(out);
	out->walk.flags = flags;
	(void)span_copy(span_of(out->bytes), text);
	out->text = view_clamp(view_of(out->bytes), 0, text.size);
	return walk_from(self, directory, out);
}

static bool inode_copy(const struct tree *tree, u32 inode, struct tree_inode *out)
{
	u32 sequence = tree_begin(tree);
	*out = *tree_inode(tree, inode);
	return tree_is_same(tree, sequence);
}

i64 inode_read(u32 mount, u32 inode, u32 generation, struct tree_inode *out)
{
	struct file_state *state = files();
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	const struct tree *tree = names_tree(&names, mount);
	u32 tries = 0;
	while (!inode_copy(tree, inode, out))
		if (++tries == SETTLE_TRIES)
			return -EIO;
		else if (tries % WALK_TRIES == 0)
			mount_settle(mount);
	return out->mode && (!generation || out->generation == generation) ? 0 : -ENOENT;
}

i64 path_inode(const struct path *path, struct tree_inode *out)
{
	if (path->walk.at.inode == TREE_NONE)
		return -ENOENT;
	return inode_read(path->walk.at.mount, path->walk.at.inode, 0, out);
}

i64 place_set(struct place *place, const struct path *path)
{
	struct place next = { .at = path->walk.at };
	if (path->walk.is_remote) {
		next.text = path->remote.size ? heap_take(path->remote.size) : nullptr;
		if (path->remote.size && !next.text)
			return -ENOMEM;
		next.text_size = (u32)path->remote.size;
		(void)span_copy(span_from(next.text, next.text_size), path->remote);
	} else {
		next.generation = tree_inode(path_tree(path), next.at.inode)->generation;
	}
	posix_lock_take(&files()->lock);
	struct place former = *place;
	*place = next;
	posix_lock_give(&files()->lock);
	place_drop(&former);
	return 0;
}

void place_drop(struct place *place)
{
	heap_give(place->text, place->text_size);
	*place = (struct place){};
}

// Its server tells the way to a folder of /proc.
static i64 place_of_remote(const struct file *file, span_t room, struct place *out)
{
	u32 mount = file->description->tree, size;
	if (mount >= files()->mount_count || AT(files()->links, mount).kind != MOUNT_PROC ||
		(AT(file->description->detail, 0) & MODE_TYPE) != MODE_DIRECTORY)
		return -ENOTDIR;
	span_fill(room, 0); // touched: it is lent
	if (file_readlink((file_t){ file->handle }, 0, (view_t){}, room, &size) != OK)
		return -ENOENT;
	*out = (struct place){ .at = { mount, 0 }, .text = room.data, .text_size = size };
	return 0;
}

i64 place_of_descriptor(struct posix_thread *self, i32 number, span_t room, struct place *out)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	const struct description *description = file.description;
	bool is_directory = description->kind == FILE_DIRECTORY;
	if (description->kind == FILE_SCHEME) {
		i64 answer = place_of_remote(&file, room, out);
		file_put(self, &file);
		return answer;
	}
	if (description->kind == FILE_PATH)
		is_directory = (AT(description->detail, 0) & MODE_TYPE) == MODE_DIRECTORY;
	*out = (struct place){ .at = { description->tree, description->inode },
		.generation = description->generation };
	file_put(self, &file);
	return is_directory ? 0 : -ENOTDIR;
}

i64 place_path(struct posix_thread *self, const struct place *place, span_t out, view_t *path)
{
	struct file_state *state = files();
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	struct walk walk = { .names = &names, .root = state->root.at };
	const struct mount *mount = names_mount(&names, place->at.mount);
	view_t way = view_from(place->text, place->text_size);
	(void)self;
	if (!mount->is_remote &&
		tree_inode(names_tree(&names, place->at.mount), place->at.inode)->generation !=
			place->generation)
		return -ENOENT;
	usize room = way.size ? way.size + 1 : 0;
	if (room >= out.size)
		return -ERANGE;
	struct position at = mount->is_remote ? (struct position){ place->at.mount, 0 } : place->at;
	err_t err = tree_path(&walk, at, span_clamp(out, 0, out.size - room), path);
	if (err != OK)
		return err == ERR_RANGE ? -ERANGE : -ENOENT;
	if (!room)
		return 0;
	*span_at(out, out.size - room) = '/';
	(void)span_copy(span_from_offset(out, out.size - way.size), way);
	*path = view_from_offset(span_view(out), out.size - room - path->size);
	return 0;
}
