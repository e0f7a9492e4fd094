// SPDX-License-Identifier: MIT
// handed.c - see handed.h. The receiver runs with powers that the sender has not, so it believes
// only what it can see itself: what kind of object a handle is, devices by the table of inodes.
// Contents come without their name: else a program could be led to change the mode of a file that
// the sender could not. Offsets are copies, since the arenas of descriptions are written by all who
// share them.
#include "lib/posix/exec/handed.h"

#include "abi/rights.h"
#include "lib/os/service.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/file/begin.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/device.h"
#include "lib/posix/file/handed.h"
#include "lib/posix/file/open.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/stat.h"
#include "os/syscalls.h"

constexpr u32 FLAGS = O_ACCMODE | O_APPEND | O_NONBLOCK;

static struct file_state *files(void)
{
	return &posix_self()->files;
}

// What its handle has to be. ANY: it is not handed over, or has no handle.
static enum handle_kind object_of(u32 kind)
{
	switch (kind) {
	case FILE_REGULAR:
	case FILE_MEMORY: return HANDLE_KIND_MEMORY;
	case FILE_PIPE: return HANDLE_KIND_STREAM;
	case FILE_TERMINAL: return HANDLE_KIND_CONNECTION;
	default: return HANDLE_KIND_ANY;
	}
}

static u32 device_at(u32 inode, u32 generation)
{
	struct tree_inode found;
	bool is_device =
		inode_read(0, inode, generation, &found) == 0 && (found.mode & MODE_TYPE) == MODE_CHARACTER;
	return is_device ? found.device : 0;
}

static i64 send_one(
	struct posix_thread *self, const struct stream_way *way, const struct file *file)
{
	const struct description *description = file->description;
	const struct handed_file record = { .number = (u32)file->number,
		.flags = file_flags(file) & FLAGS,
		.kind = description->kind,
		.device = (u32)AT(description->detail, 1),
		.inode = description->inode,
		.generation = description->generation,
		.offset = description->offset };
	AT(self->block.handle, 0) = file->handle;
	AT(self->block.handle_rights, 0) = RIGHTS_ALL;
	i64 done = stream_put_view(self, way, view_of(record), file->handle.raw ? 1 : 0);
	return done < 0 ? done : 0;
}

i64 files_hand_over(struct posix_thread *self, handle_t stream)
{
	const struct stream_way way = { stream, 0, true };
	u32 count = descriptors_count();
	for (u32 number = 0; number < count; number++) {
		struct file file;
		if (file_get(self, (i32)number, &file) < 0)
			continue;
		bool is_wanted = !(file.flags & DESCRIPTOR_CLOEXEC) &&
		                 (object_of(file.description->kind) != HANDLE_KIND_ANY ||
							 file.description->kind == FILE_NULL);
		i64 answer = is_wanted ? send_one(self, &way, &file) : 0;
		file_put(self, &file);
		TRY_POSIX(answer);
	}
	return 0;
}

static bool is_object(handle_t handle, enum handle_kind wanted)
{
	return wanted != HANDLE_KIND_ANY && handle_expect(handle, wanted, 0) == OK;
}

static u64 nameless(u32 mode)
{
	return mode | (u64)posix_self()->identity.credentials.user << 32;
}

// Of terminals only the process's own is known by name, and proc says which connection that is:
// what was handed over may be to any program.
static void take_terminal(const struct handed_file *record, struct opening *opening)
{
	u32 own = identity_slot(&posix_self()->identity)->terminal;
	proc_t proc = { posix_self()->identity.connection };
	handle_t terminal;
	AT(opening->detail, 0) = nameless(S_IFCHR | 0620);
	if (!own || device_at(record->inode, record->generation) != own ||
		proc_terminal_open(proc, &terminal) != OK)
		return;
	(void)handle_close(opening->handle);
	opening->handle = terminal;
	AT(opening->detail, 1) = own;
	opening->inode = record->inode;
	opening->generation = record->generation;
}

static i64 take_one(
	struct posix_thread *self, const struct handed_file *record, struct opening *opening)
{
	opening->flags = record->flags & FLAGS;
	opening->kind = record->kind == FILE_REGULAR ? FILE_MEMORY : (enum file_kind)record->kind;
	if (record->kind == FILE_NULL) {
		u32 device = device_at(record->inode, record->generation);
		if (!device_is_ours(device))
			return -EBADF;
		AT(opening->detail, 1) = device;
		opening->inode = record->inode;
		opening->generation = record->generation;
	} else if (!is_object(opening->handle, object_of(record->kind))) {
		return -EBADF;
	}
	if (record->kind == FILE_TERMINAL)
		take_terminal(record, opening);
	if (opening->kind == FILE_MEMORY)
		AT(opening->detail, 0) = nameless(S_IFREG | 0600);
	struct description *description;
	TRY_POSIX(description_create(opening->kind, opening->flags, &description));
	description->offset = opening->kind == FILE_MEMORY ? record->offset : 0;
	description->inode = opening->inode;
	description->generation = opening->generation;
	AT(description->detail, 0) = AT(opening->detail, 0);
	AT(description->detail, 1) = AT(opening->detail, 1);
	handle_t handle = opening->handle;
	opening->handle = HANDLE_NONE;
	return descriptor_install(self, description, handle, 0, (i32)record->number);
}

static void close_handles(struct posix_thread *self, u32 from, u32 count)
{
	for (u32 i = from; i < count && i < MESSAGE_HANDLES; i++)
		(void)handle_close(AT(self->block.handle, i));
}

// The next one, in order; 0: there is none any more.
static i64 next(
	struct posix_thread *self, handle_t stream, struct handed_file *record, handle_t *out)
{
	const struct stream_way way = { stream, 0, true };
	u32 handles = 0;
	i64 done = stream_take_span(self, &way, span_of(*record), &handles);
	*out = handles ? AT(self->block.handle, 0) : HANDLE_NONE;
	close_handles(self, 1, handles);
	if (done == sizeof *record)
		return done;
	if (out->raw)
		(void)handle_close(*out);
	return 0;
}

void files_take_back(struct posix_thread *self, handle_t stream)
{
	struct handed_file record;
	handle_t handle;
	while (next(self, stream, &record, &handle) > 0)
		if (handle.raw)
			(void)handle_close(handle);
}

static i64 take_all(struct posix_thread *self, handle_t stream)
{
	struct handed_file record;
	struct opening opening = {};
	u32 lowest = 0, limit = descriptor_limit();
	// Who still has the other end may write for ever.
	for (u32 i = 0; i < limit && next(self, stream, &record, &opening.handle) > 0; i++) {
		bool is_good = record.number >= lowest && record.number < limit;
		i64 number = is_good ? take_one(self, &record, &opening) : -EBADF;
		if (opening.handle.raw)
			(void)handle_close(opening.handle);
		if (number >= 0)
			lowest = (u32)number + 1;
		opening = (struct opening){};
	}
	return 0;
}

// There is a table, also if nothing is in it: else the first program's console would be opened.
static i64 make_table(struct posix_thread *self)
{
	struct description *description;
	TRY_POSIX(description_create(FILE_NULL, O_RDWR, &description));
	i64 number = descriptor_install(self, description, HANDLE_NONE, 0, 0);
	TRY_POSIX(number);
	return descriptor_close(self, (i32)number);
}

i64 files_take_over(struct posix_thread *self, handle_t stream)
{
	struct file_state *state = files();
	const struct file_connections given = { AT(state->sources, 0).connection,
		{ state->has_terminals }, state->name };
	u32 umask = state->umask;
	TRY_ERR(file_begin(state, &given));
	state->umask = umask;
	TRY_POSIX(make_table(self));
	return take_all(self, stream);
}

void files_start_in(struct posix_thread *self, view_t path)
{
	struct path found UNINITIALIZED;
	if (path_walk(self, AT_FDCWD, path, 0, &found) == 0 && !found.walk.is_remote &&
		tree_type(path_tree(&found), found.walk.at.inode) == MODE_DIRECTORY)
		(void)place_set(&files()->directory, &found);
}

i64 files_started_in(struct posix_thread *self, span_t room, view_t *out)
{
	const struct place *root = &files()->root;
	if (root->at.mount || root->at.inode != TREE_ROOT)
		return -EPERM;
	return place_path(self, &files()->directory, room, out);
}
