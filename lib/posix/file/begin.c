// SPDX-License-Identifier: MIT
// begin.c - what exec, the first program and changes of credentials do to open files.
#include "lib/posix/file/begin.h"

#include "ifc/name.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/open.h"
#include "lib/posix/exec/shared.h"
#include "lib/posix/file/open.h"
#include "lib/posix/file/pin.h"
#include "lib/posix/file/request.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

static struct file_state *files(void)
{
	return &posix_self()->files;
}

err_t exec_map_files(handle_t process)
{
	u64 mapped;
	for (u32 i = 0; i < files()->tree_count; i++) {
		const struct tree_source *source = &AT(files()->sources, i);
		TRY(memory_map(process, source->memory, TABLE_AREA + i * TABLE_SPACING, source->size,
			source->offset, MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED, &mapped));
	}
	return arenas_map(process);
}

// The first program's input and output: the console. Its frame is two pages that others should not
// have to touch.
NO_INLINE static void open_console(struct posix_thread *self)
{
	struct open_how how = { .flags = O_RDWR | O_NOCTTY };
	struct path path UNINITIALIZED;
	if (path_walk(self, AT_FDCWD, VIEW_TEXT("/dev/console"), 0, &path) < 0 ||
		open_found(self, &path, &how) != 0)
		return;
	(void)descriptor_copy(self, 0, 0, 0);
	(void)descriptor_copy(self, 0, 0, 0);
}

void exec_close_files(void)
{
	struct posix_thread *self = thread_self();
	if (!files()->table) {
		open_console(self);
		return;
	}
	pins_forget(); // of threads that exec ended in the middle of calls
	u32 count = descriptors_count();
	for (u32 number = 0; number < count; number++) {
		u32 flags;
		if (descriptor_flags((i32)number, &flags) == 0 && flags & DESCRIPTOR_CLOEXEC)
			(void)descriptor_close(self, (i32)number);
	}
	files()->top = descriptors_count();
	arenas_trim();
}

i64 path_text(struct posix_thread *self, const struct path *path, span_t room, view_t *out)
{
	struct place directory = { .at = path->walk.directory };
	directory.generation =
		tree_inode(names_tree(&path->names, directory.at.mount), directory.at.inode)->generation;
	usize tail = path->walk.name.size + 1;
	if (tail >= room.size)
		return -ENAMETOOLONG;
	TRY_POSIX(place_path(self, &directory, span_clamp(room, 0, room.size - tail), out));
	bool is_root = out->size == 1;
	span_t end = span_from_offset(room, room.size - tail);
	*span_at(end, 0) = '/';
	(void)span_copy(span_from_offset(end, 1), path->walk.name);
	*out = view_from_offset(span_view(room), room.size - tail - (is_root ? 0 : out->size));
	return 0;
}

static i64 open_program(struct posix_thread *self, struct path *path, struct exec_file *out)
{
	struct tree_inode inode;
	u8 room[TREE_PATH_MAX] UNINITIALIZED;
	view_t text;
	if (path->walk.is_remote)
		return -EACCES;
	TRY_POSIX(path_inode(path, &inode));
	if ((inode.mode & MODE_TYPE) == MODE_LINK)
		return -ELOOP;
	if ((inode.mode & MODE_TYPE) != MODE_REGULAR || !tree_may(&inode, &path->who, ACCESS_EXECUTE))
		return -EACCES;
	TRY_POSIX(path_text(self, path, span_of(room), &text));
	text = view_clamp(text, 0, out->room.size);
	out->path_size = text.size;
	(void)span_copy(out->room, text);
	out->size = inode.length;
	out->mode = inode.mode;
	out->user = inode.user;
	out->group = inode.group;
	out->tree = path->walk.at.mount;
	out->inode = path->walk.at.inode;
	out->generation = inode.generation;
	out->entry = path->walk.entry;
	return contents_open(path, &inode, OPEN_TO_EXECUTE, &out->memory);
}

// What an O_PATH descriptor stands for, by the name that it was found by.
static i64 open_place(const struct file *file, struct exec_file *out)
{
	const struct description *description = file->description;
	struct tree_credentials who;
	struct tree_inode inode;
	err_t err;
	TRY_POSIX(inode_read(description->tree, description->inode, description->generation, &inode));
	path_credentials(&who, false);
	if ((inode.mode & MODE_TYPE) == MODE_LINK)
		return -ELOOP;
	if ((inode.mode & MODE_TYPE) != MODE_REGULAR || !tree_may(&inode, &who, ACCESS_EXECUTE))
		return -EACCES;
	out->size = inode.length;
	out->mode = inode.mode;
	out->user = inode.user;
	out->group = inode.group;
	out->tree = description->tree;
	out->inode = description->inode;
	out->generation = description->generation;
	out->entry = (u32)AT(description->detail, 1);
	err = tree_open((tree_t){ mount_connection(description->tree) }, description->inode,
		description->generation, (u32)AT(description->detail, 1), OPEN_TO_EXECUTE, &out->memory);
	return err == OK ? 0 : request_error(err);
}

// What is open for more than its path.
static i64 open_mapped(struct posix_thread *self, const struct file *file, struct exec_file *out)
{
	struct linux_stat status;
	const struct operations *operations = operations_of(file);
	if (!operations->map || !operations->stat)
		return -EACCES;
	TRY_POSIX(operations->stat(self, file, &status));
	if (!(status.mode & 0111))
		return -EACCES;
	if (handle_duplicate(file->handle, RIGHTS_ALL, &out->memory) != OK)
		return -EMFILE;
	out->size = (u64)status.size;
	out->mode = status.mode;
	out->user = status.user;
	out->group = status.group;
	out->inode = file->description->inode;
	out->generation = file->description->generation;
	return 0;
}

// fexecve: what a descriptor has open.
static i64 open_descriptor(struct posix_thread *self, i32 number, struct exec_file *out)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	if (file.description->kind == FILE_PATH) {
		i64 answer = open_place(&file, out);
		file_put(self, &file);
		return answer;
	}
	i64 answer = open_mapped(self, &file, out);
	file_put(self, &file);
	return answer;
}

i64 exec_open(
	struct posix_thread *self, i32 directory, view_t path, u32 flags, struct exec_file *out)
{
	struct path found UNINITIALIZED;
	u32 number_flags = 0;
	out->memory = HANDLE_NONE;
	out->entry = 0;
	out->is_closing = directory != AT_FDCWD && (!path.size || view_at(path, 0) != '/') &&
	                  descriptor_flags(directory, &number_flags) >= 0 &&
	                  number_flags & DESCRIPTOR_CLOEXEC;
	if (flags & EXEC_OPEN_EMPTY_PATH && !path.size)
		return open_descriptor(self, directory, out);
	u32 walk = flags & EXEC_OPEN_NO_FOLLOW ? WALK_NO_FOLLOW : 0;
	TRY_POSIX(path_walk(self, directory, path, walk, &found));
	return open_program(self, &found, out);
}

// From now on the root file system hears of us through this connection.
void process_files_changed(handle_t connection)
{
	struct tree_source *root = &AT(files()->sources, 0);
	handle_t former = root->connection;
	root->connection = connection;
	(void)handle_close(former);
}

// The connection to servers/name through which orders can be given to the supervisor, for one
// through which they cannot. Without the new one the old one goes all the same.
static void names_narrow(void)
{
	struct file_state *state = files();
	handle_t former = state->name, narrow = HANDLE_NONE;
	if (!former.raw || name_narrow((name_t){ former }, &narrow) != OK)
		narrow = HANDLE_NONE;
	state->name = narrow;
	for (u32 i = 0; i < state->mount_count; i++)
		if (AT(state->links, i).kind == MOUNT_NAMES)
			AT(state->links, i).connection = narrow;
	if (former.raw)
		(void)handle_close(former);
}

void process_privileges_lost(void)
{
	handle_t *setter = &posix_self()->core.clock_setter;
	if (files()->is_narrow)
		return;
	files()->is_narrow = 1;
	if (setter->raw)
		(void)handle_close(*setter);
	*setter = HANDLE_NONE;
	names_narrow();
	arenas_part();
}
