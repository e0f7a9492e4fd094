// SPDX-License-Identifier: MIT
// scheme.c - see scheme.h. Bytes go through a buffer of the library's: what is lent must be
// present.
#include "lib/posix/file/scheme.h"

#include "ifc/file.h"
#include "ifc/name.h"
#include "lib/base/text.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/bind.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/dirent.h"
#include "lib/posix/file/kinds.h"
#include "lib/posix/file/open.h"
#include "lib/posix/file/own.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u32 BUFFER = 4096;
constexpr i64 NS = 1'000'000'000;

// The server of a place, and the way from its root.
struct server {
	file_t connection;
	bool is_owned;
	view_t way;
};

static i64 server_of(const struct path *path, struct server *out)
{
	u32 mount = path->walk.at.mount;
	view_t way = path->remote, name;
	*out = (struct server){ { mount_connection(mount) }, false, way };
	if (AT(posix_self()->files.links, mount).kind != MOUNT_NAMES)
		return out->connection.handle.raw ? 0 : -ENOENT;
	if (!text_split(way, '/', &name, &out->way)) {
		name = way;
		out->way = (view_t){};
	}
	err_t err = name_open((name_t){ mount_connection(mount) }, name, &out->connection.handle);
	out->is_owned = err == OK;
	return err == OK ? 0 : request_error(err);
}

static void server_drop(const struct server *server)
{
	if (server->is_owned)
		(void)handle_close(server->connection.handle);
}

// "/scheme" itself: its names are listed by servers/name, nobody serves it.
static bool is_list_of_names(const struct path *path)
{
	return !path->remote.size &&
	       AT(posix_self()->files.links, path->walk.at.mount).kind == MOUNT_NAMES;
}

static i64 open_by_server(
	struct posix_thread *self, const struct server *server, u32 mode, struct opening *opening)
{
	u64 inode;
	u32 generation, found_mode, object;
	handle_t thing;
	err_t err = file_open(server->connection, 0, opening->flags, mode, request_serial(self),
		server->way, &inode, &generation, &found_mode, &object, &thing);
	if (err != OK)
		return request_error(err);
	opening->kind = object == FILE_OBJECT_MEMORY   ? FILE_MEMORY
	                : object == FILE_OBJECT_STREAM ? FILE_PIPE
	                : object == FILE_OBJECT_NONE   ? FILE_PATH
	                                               : FILE_SCHEME;
	opening->handle = thing;
	opening->inode = (u32)inode;
	opening->generation = generation;
	AT(opening->detail, 0) = found_mode;
	return 0;
}

i64 scheme_open(struct posix_thread *self, const struct path *path, u32 flags, u32 mode)
{
	struct opening opening = { .flags = flags, .tree = (u16)path->walk.at.mount };
	struct server server;
	i32 number;
	if (is_list_of_names(path)) {
		opening.kind = FILE_SCHEME;
		AT(opening.detail, 0) = MODE_DIRECTORY | 0555;
		return descriptor_open(self, &opening);
	}
	if (own_descriptor(path, &number) && !(flags & (O_NOFOLLOW | O_PATH))) {
		if (path->walk.flags & WALK_NO_MAGIC)
			return -ELOOP;
		i64 answer = file_reopen(self, number, flags);
		return answer == -EBADF ? -ENOENT : answer;
	}
	i64 listed;
	if (bound_list(path, &opening, &listed))
		return listed ? listed : descriptor_open(self, &opening);
	TRY_POSIX(server_of(path, &server));
	i64 error = open_by_server(self, &server, mode, &opening);
	server_drop(&server);
	if (error)
		return error;
	bool is_directory = (AT(opening.detail, 0) & MODE_TYPE) == MODE_DIRECTORY;
	if (flags & O_DIRECTORY && !is_directory) {
		if (opening.handle.raw)
			(void)handle_close(opening.handle);
		return -ENOTDIR;
	}
	return descriptor_open(self, &opening);
}

static struct linux_timespec time_of(i64 ns)
{
	return (struct linux_timespec){ ns / NS, ns % NS };
}

static void to_status(const struct file_attributes *from, struct linux_stat *out)
{
	*out = (struct linux_stat){ .device = 1,
		.inode = from->inode,
		.links = from->links,
		.mode = from->mode,
		.user = from->user,
		.group = from->group,
		.special = from->device,
		.size = (i64)from->size,
		.block_size = PAGE_SIZE,
		.blocks = (i64)from->blocks,
		.accessed = time_of(from->accessed_ns),
		.modified = time_of(from->modified_ns),
		.changed = time_of(from->changed_ns) };
}

static void directory_status(struct linux_stat *out)
{
	*out = (struct linux_stat){
		.device = 1, .inode = 1, .links = 2, .mode = MODE_DIRECTORY | 0555, .block_size = PAGE_SIZE
	};
}

i64 scheme_stat(
	struct posix_thread *self, const struct path *path, u32 flags, struct linux_stat *out)
{
	struct file_attributes attributes = {};
	struct server server;
	struct file file;
	i32 number;
	if (is_list_of_names(path)) {
		directory_status(out);
		return 0;
	}
	if (own_descriptor(path, &number) && !(flags & AT_SYMLINK_NOFOLLOW)) {
		if (file_get(self, number, &file) < 0)
			return -ENOENT;
		const struct operations *operations = operations_of(&file);
		i64 error = operations->stat ? operations->stat(self, &file, out) : -EBADF;
		file_put(self, &file);
		return error;
	}
	TRY_POSIX(server_of(path, &server));
	err_t err = file_stat(server.connection, 0, flags, server.way, span_of(attributes));
	server_drop(&server);
	to_status(&attributes, out);
	if ((err == ERR_UNSUPPORTED || err == ERR_UNKNOWN_CALL) && !server.way.size) {
		directory_status(out); // of the root of a server that knows of no attributes
		return 0;
	}
	return err == OK ? 0 : request_error(err);
}

i64 scheme_readlink(struct posix_thread *self, const struct path *path, span_t text)
{
	struct server server;
	u32 size = 0;
	i64 own = own_readlink(self, path, text);
	if (own != -EINVAL)
		return own;
	TRY_POSIX(server_of(path, &server));
	span_fill(text, 0); // touched: it is lent
	err_t err = file_readlink(server.connection, 0, server.way, text, &size);
	server_drop(&server);
	return err != OK ? request_error(err) : size <= text.size ? (i64)size : -EIO;
}

static i64 scheme_read(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct description *description = file->description;
	u8 bytes[BUFFER]; // zeroed, and so present
	u64 size = transfer->size < BUFFER ? transfer->size : BUFFER, done = 0;
	u64 offset = transfer->is_positioned ? transfer->offset : description->offset;
	span_t room = span_clamp(span_of(bytes), 0, size);
	wait_open(self);
	err_t err =
		file_read((file_t){ file->handle }, offset, file_flags(file) & O_NONBLOCK, room, &done);
	wait_close(self);
	if (err != OK)
		return posix_error(err);
	done = done < size ? done : size;
	TRY_POSIX(user_copy_out(transfer->address, bytes, done));
	if (!transfer->is_positioned)
		atomic_add_relaxed(&description->offset, done);
	return (i64)done;
}

static i64 scheme_write(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct description *description = file->description;
	u8 bytes[BUFFER];
	u64 size = transfer->size < BUFFER ? transfer->size : BUFFER, done = 0;
	u64 offset = transfer->is_positioned ? transfer->offset : description->offset;
	TRY_POSIX(user_copy_in(bytes, transfer->address, size));
	wait_open(self);
	err_t err = file_write((file_t){ file->handle }, offset, file_flags(file) & O_NONBLOCK,
		view_clamp(view_of(bytes), 0, size), &done);
	wait_close(self);
	if (err != OK)
		return posix_error(err);
	done = done < size ? done : size;
	if (!transfer->is_positioned)
		atomic_add_relaxed(&description->offset, done);
	return (i64)done;
}

static i64 scheme_seek(struct posix_thread *self, const struct file *file, i64 offset, u32 whence)
{
	struct description *description = file->description;
	struct file_attributes attributes = {};
	(void)self;
	if (whence == SEEK_CUR)
		offset += (i64)description->offset;
	if (whence == SEEK_END) {
		TRY_ERR(file_info((file_t){ file->handle }, span_of(attributes)));
		offset += (i64)attributes.size;
	}
	if (whence > SEEK_END || offset < 0)
		return -EINVAL;
	description->offset = (u64)offset;
	return offset;
}

static i64 scheme_file_stat(
	struct posix_thread *self, const struct file *file, struct linux_stat *out)
{
	struct file_attributes attributes = {};
	(void)self;
	if (!file->handle.raw) {
		directory_status(out);
		return 0;
	}
	TRY_ERR(file_info((file_t){ file->handle }, span_of(attributes)));
	to_status(&attributes, out);
	return 0;
}

// "." and "..", which no server lists; positions of what it lists are behind them.
constexpr u32 DOTS = 2;
static i64 put_dots(struct description *description, struct dirents *out)
{
	while (description->offset < DOTS) {
		bool is_self = !description->offset;
		i64 error =
			dirent_put(out, &(struct dirent){ .inode = description->inode ? description->inode : 1,
								.next = description->offset + 1,
								.type = MODE_DIRECTORY >> 12,
								.name = is_self ? VIEW_TEXT(".") : VIEW_TEXT("..") });
		if (error)
			return out->used ? 1 : error;
		description->offset++;
	}
	return 0;
}

static i64 list_names(const struct file *file, struct dirents *out)
{
	struct description *description = file->description;
	u8 name[NAME_NAME_MAX] = {};
	u32 size;
	for (;;) {
		err_t err = name_list((name_t){ mount_connection(description->tree) },
			(u32)(description->offset - DOTS), span_of(name), &size);
		if (err == ERR_NOT_FOUND)
			return (i64)out->used;
		TRY_ERR(err);
		i64 error = dirent_put(out, &(struct dirent){ .inode = description->offset + 2,
										.next = description->offset + 1,
										.type = MODE_DIRECTORY >> 12,
										.name = view_clamp(view_of(name), 0, size) });
		if (error)
			return out->used ? (i64)out->used : error;
		description->offset++;
	}
}

// What a server listed, one after the other.
static i64 put_entries(struct description *description, view_t entries, struct dirents *out)
{
	while (entries.size) {
		struct file_entry entry;
		view_t name;
		if (view_load(entries, 0, span_of(entry)) != OK ||
			view_sub(entries, sizeof entry, entry.size, &name) != OK)
			return -EIO;
		i64 error = dirent_put(out, &(struct dirent){ .inode = entry.inode,
										.next = entry.next + DOTS,
										.type = entry.type,
										.name = name });
		if (error)
			return out->used ? 1 : error;
		description->offset = entry.next + DOTS;
		entries = view_from_offset(entries, sizeof entry + ((entry.size + 7u) & ~7u));
	}
	return 0;
}

static i64 scheme_list(struct posix_thread *self, const struct file *file, u64 address, u64 size)
{
	struct dirents out = { address, size, 0 };
	struct description *description = file->description;
	u8 bytes[BUFFER];
	u32 done;
	i64 answer = 0;
	(void)self;
	if ((AT(description->detail, 0) & MODE_TYPE) != MODE_DIRECTORY)
		return -ENOTDIR;
	answer = put_dots(description, &out);
	if (!answer && !file->handle.raw)
		return list_names(file, &out);
	while (!answer) {
		err_t err =
			file_list((file_t){ file->handle }, description->offset - DOTS, span_of(bytes), &done);
		if (err != OK)
			return out.used ? (i64)out.used : request_error(err);
		if (!done)
			break;
		answer = put_entries(description, view_clamp(view_of(bytes), 0, done), &out);
	}
	return answer < 0 ? answer : (i64)out.used;
}

static i64 scheme_control(
	struct posix_thread *self, const struct file *file, u32 request, u64 argument)
{
	u8 bytes[64];
	u64 result;
	(void)user_copy_in(bytes, argument, sizeof bytes); // not every control has any
	wait_open(self);
	err_t err = file_control(
		(file_t){ file->handle }, request, argument, view_of(bytes), span_of(bytes), &result);
	wait_close(self);
	if (err == ERR_UNSUPPORTED || err == ERR_UNKNOWN_CALL)
		return -ENOTTY;
	TRY_ERR(err);
	return (i64)result;
}

static i64 scheme_resize(struct posix_thread *self, const struct file *file, u64 size)
{
	(void)self;
	err_t err = file_resize((file_t){ file->handle }, size);
	return err == OK ? 0 : request_error(err);
}

static i64 scheme_flush(struct posix_thread *self, const struct file *file)
{
	wait_open(self);
	err_t err = file_flush((file_t){ file->handle });
	wait_close(self);
	return err == OK || err == ERR_UNSUPPORTED ? 0 : posix_error(err);
}

constexpr u32 POLLIN = 1, POLLOUT = 4, POLLHUP = 16;

static u32 bits_of(u32 poll_events)
{
	return (poll_events & POLLIN ? FILE_EVENT_READABLE : 0) |
	       (poll_events & POLLOUT ? FILE_EVENT_WRITABLE : 0) | FILE_EVENT_HANGUP;
}

static u32 scheme_ready(struct posix_thread *self, const struct file *file)
{
	u32 bits;
	(void)self;
	if (!file->handle.raw ||
		object_wait(file->handle, FILE_EVENT_READABLE | FILE_EVENT_WRITABLE | FILE_EVENT_HANGUP, 0,
			&bits) != OK)
		return POLLIN | POLLOUT; // a server that never says is always ready
	return (bits & FILE_EVENT_READABLE ? POLLIN : 0) | (bits & FILE_EVENT_WRITABLE ? POLLOUT : 0) |
	       (bits & FILE_EVENT_HANGUP ? POLLHUP : 0);
}

static u32 scheme_watch(const struct file *file, u32 poll_events, handle_t *out)
{
	*out = file->handle;
	return file->handle.raw ? bits_of(poll_events) : 0;
}

const struct operations scheme_operations = {
	.read = scheme_read,
	.write = scheme_write,
	.seek = scheme_seek,
	.stat = scheme_file_stat,
	.control = scheme_control,
	.list = scheme_list,
	.resize = scheme_resize,
	.flush = scheme_flush,
	.ready = scheme_ready,
	.watch = scheme_watch,
};
