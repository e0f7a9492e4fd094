// SPDX-License-Identifier: MIT
// own.c - see own.h.
#include "lib/posix/file/own.h"

#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/linux/errno.h"

static bool is_proc(const struct path *path)
{
	return path->walk.is_remote &&
	       AT(posix_self()->files.links, path->walk.at.mount).kind == MOUNT_PROC;
}

i64 own_names(struct posix_thread *self, struct path *path)
{
	u8 text[64];
	view_t first, rest, own;
	u32 pid = posix_self()->identity.pid;
	if (!is_proc(path))
		return 0;
	if (!text_split(path->remote, '/', &first, &rest))
		return 0; // the link itself
	if (view_equal(first, VIEW_TEXT("self")))
		own = format_view(span_of(text), "%u/", pid);
	else if (view_equal(first, VIEW_TEXT("thread-self")))
		own = format_view(span_of(text), "%u/task/%d/", pid, self->id);
	else
		return 0;
	span_t room = span_of(path->scratch);
	if (own.size + rest.size > room.size)
		return -ENAMETOOLONG;
	TRY_ERR(span_copy(span_from_offset(room, own.size), rest));
	TRY_ERR(span_copy(room, own));
	path->remote = view_clamp(span_view(room), 0, own.size + rest.size);
	return 0;
}

// A number as /proc writes it: without zeros or signs before it.
static bool number_of(view_t text, u64 *out)
{
	bool is_odd = !text.size || (view_at(text, 0) == '0' && text.size > 1);
	return !is_odd && text_u64(text, out) == OK;
}

// What follows /proc/OWN/, or /proc/OWN/task/ANY/.
static bool own_rest(const struct path *path, view_t *rest)
{
	view_t first, tasks, behind, task, last;
	u64 id;
	if (!is_proc(path) || !text_split(path->remote, '/', &first, rest) || !number_of(first, &id) ||
		id != posix_self()->identity.pid)
		return false;
	if (text_split(*rest, '/', &tasks, &behind) && view_equal(tasks, VIEW_TEXT("task")) &&
		text_split(behind, '/', &task, &last) && number_of(task, &id))
		*rest = last;
	return true;
}

bool own_is(const struct path *path, view_t name)
{
	view_t rest;
	return own_rest(path, &rest) && view_equal(rest, name);
}

bool own_descriptor(const struct path *path, i32 *number)
{
	view_t rest, folder, name;
	u64 value;
	if (!own_rest(path, &rest) || !text_split(rest, '/', &folder, &name) ||
		!view_equal(folder, VIEW_TEXT("fd")) || !number_of(name, &value) || value > INT32_MAX)
		return false;
	*number = (i32)value;
	return true;
}

static i64 put_text(span_t out, view_t text)
{
	view_t part = view_clamp(text, 0, out.size);
	(void)span_copy(out, part);
	return (i64)part.size;
}

// Devices by their numbers, as /dev has them.
static i64 device_text(u32 device, span_t out)
{
	static const struct {
		u32 device;
		const char *name;
	} names[] = { { 0x103, "null" }, { 0x105, "zero" }, { 0x107, "full" }, { 0x108, "random" },
		{ 0x109, "urandom" }, { 0x500, "tty" }, { 0x501, "console" }, { 0x502, "ptmx" },
		{ 0x440, "ttyS0" } };
	for (u32 i = 0; i < COUNT(names); i++)
		if (AT(names, i).device == device)
			return (i64)format_view(out, "/dev/%s", AT(names, i).name).size;
	u32 major = device >> 8, minor = device & 0xff;
	return (i64)format_view(out, major == 136 ? "/dev/pts/%u" : "/dev/tty%u", minor).size;
}

// The path of something open with a name; others are called by their kind.
static i64 descriptor_text(struct posix_thread *self, const struct file *file, span_t out)
{
	const struct description *description = file->description;
	struct place place = { .at = { description->tree, description->inode },
		.generation = description->generation };
	u8 room[TREE_PATH_MAX] UNINITIALIZED;
	view_t path, text;
	bool is_named = description->kind == FILE_REGULAR || description->kind == FILE_NULL ||
	                description->kind == FILE_TERMINAL;
	if (description->kind == FILE_DIRECTORY) {
		TRY_POSIX(place_path(self, &place, span_of(room), &path));
		return put_text(out, path);
	}
	if (!is_named) {
		static const char *const names[FILE_KINDS] = { [FILE_PIPE] = "pipe",
			[FILE_SOCKET] = "socket",
			[FILE_EVENT] = "anon_inode",
			[FILE_EPOLL] = "anon_inode",
			[FILE_MEMORY] = "/memfd" };
		const char *name = AT(names, description->kind % FILE_KINDS);
		text = format_view(out, "%s:[%u]", name ? name : "anon_inode", description->inode);
		return (i64)text.size;
	}
	struct file_state *state = &posix_self()->files;
	struct names trees = { state->trees, state->tree_count, state->mounts, state->mount_count };
	const struct tree *tree = names_tree(&trees, description->tree);
	const struct tree_entry *entry = tree_entry(tree, (u32)AT(description->detail, 1));
	if (description->kind != FILE_REGULAR)
		return device_text((u32)AT(description->detail, 1), out);
	if (entry->inode != description->inode)
		return put_text(out, VIEW_TEXT("(deleted)"));
	place.at.inode = entry->directory;
	place.generation = tree_inode(tree, entry->directory)->generation;
	TRY_POSIX(place_path(self, &place, span_of(room), &path));
	view_t name = tree_name_of(tree, entry);
	text = format_view(out, "%v%s%v", &path, path.size > 1 ? "/" : "", &name);
	return (i64)text.size;
}

i64 own_readlink(struct posix_thread *self, const struct path *path, span_t text)
{
	struct file_state *state = &posix_self()->files;
	u8 room[TREE_PATH_MAX] UNINITIALIZED;
	view_t rest, found;
	struct file file;
	i32 number;
	if (!is_proc(path))
		return -EINVAL;
	if (view_equal(path->remote, VIEW_TEXT("thread-self")))
		return (i64)format_view(text, "%u/task/%d", posix_self()->identity.pid, self->id).size;
	if (view_equal(path->remote, VIEW_TEXT("self")))
		return (i64)format_view(text, "%u", posix_self()->identity.pid).size;
	if (own_descriptor(path, &number)) {
		if (file_get(self, number, &file) < 0)
			return -ENOENT;
		i64 size = descriptor_text(self, &file, text);
		file_put(self, &file);
		return size;
	}
	if (!own_rest(path, &rest))
		return -EINVAL;
	bool is_root = view_equal(rest, VIEW_TEXT("root"));
	if (!is_root && !view_equal(rest, VIEW_TEXT("cwd")))
		return -EINVAL;
	TRY_POSIX(place_path(self, is_root ? &state->root : &state->directory, span_of(room), &found));
	return put_text(text, found);
}

// Where exe, cwd or root lead; false: it is none of them.
static bool link_text(struct posix_thread *self, view_t name, span_t room, view_t *out)
{
	const struct program_text *program = &posix_self()->identity.program;
	struct file_state *state = &posix_self()->files;
	if (view_equal(name, VIEW_TEXT("exe"))) {
		UNSAFE_BEGIN("the program's path, in the process area")
		*out = view_from((const void *)program->path, program->path_size);
		UNSAFE_END
		return program->path_size != 0;
	}
	bool is_root = view_equal(name, VIEW_TEXT("root"));
	if (!is_root && !view_equal(name, VIEW_TEXT("cwd")))
		return false;
	return place_path(self, is_root ? &state->root : &state->directory, room, out) == 0;
}

static bool replace_text(struct path *path, view_t whole)
{
	if (whole.size >= sizeof path->bytes)
		return false;
	(void)span_copy(span_of(path->bytes), whole);
	path->text = view_clamp(view_of(path->bytes), 0, whole.size);
	return true;
}

// fd/N/...: below a directory that is open. behind: what follows it.
static bool through_descriptor(
	struct posix_thread *self, view_t rest, span_t room, view_t *out, view_t *behind)
{
	view_t folder, number, below;
	u64 value;
	struct file file;
	if (!text_split(rest, '/', &folder, &below) || !view_equal(folder, VIEW_TEXT("fd")) ||
		!text_split(below, '/', &number, behind) || !number_of(number, &value) ||
		value > INT32_MAX || file_get(self, (i32)value, &file) < 0)
		return false;
	i64 size = file.description->kind == FILE_DIRECTORY ? descriptor_text(self, &file, room) : -1;
	file_put(self, &file);
	*out = view_clamp(span_view(room), 0, size > 0 ? (usize)size : 0);
	return size > 0;
}

bool own_leads_out(struct posix_thread *self, struct path *path)
{
	u8 room[TREE_PATH_MAX] UNINITIALIZED, text[TREE_PATH_MAX] UNINITIALIZED;
	view_t rest, name, behind = {}, found;
	if (!own_rest(path, &rest))
		return false;
	if (through_descriptor(self, rest, span_of(room), &found, &behind))
		return replace_text(path, format_view(span_of(text), "%v/%v", &found, &behind));
	bool is_last = !text_split(rest, '/', &name, &behind);
	if (is_last)
		name = rest;
	if ((is_last && path->walk.flags & WALK_NO_FOLLOW) ||
		!link_text(self, name, span_of(room), &found))
		return false;
	return replace_text(
		path, format_view(span_of(text), "%v%s%v", &found, is_last ? "" : "/", &behind));
}
