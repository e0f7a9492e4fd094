// SPDX-License-Identifier: MIT
// scheme.c - see scheme.h.
#include "lib/os/scheme.h"

#include "lib/base/checked.h"
#include "os/syscalls.h"

constexpr u32 ROOT_MODE = 040555;
constexpr u8 TYPE_FILE = 8;                     // as getdents has it
constexpr u32 ACCESS_MASK = 3, ACCESS_READ = 0; // O_ACCMODE, O_RDONLY
constexpr u64 ROOT_INODE = 1;                   // then the files in their order
constexpr usize PATH_ROOM = 64, WRITE_ROOM = 256;

handle_t handle_pass(handle_t handle)
{
	static handle_t last; // this thread's; owned
	if (last.raw)
		(void)handle_close(last);
	last = handle;
	return handle;
}

static const struct scheme_file *file_at(const struct scheme *scheme, u32 index)
{
	UNSAFE_BEGIN("callers compare with count")
	return &scheme->files[index];
	UNSAFE_END
}

static struct file_attributes attributes_of(const struct scheme *scheme, u64 inode)
{
	bool is_root = inode == ROOT_INODE;
	return (struct file_attributes){
		.inode = inode,
		.links = is_root ? 2 : 1,
		.mode = is_root ? ROOT_MODE : file_at(scheme, (u32)(inode - ROOT_INODE - 1))->mode,
		.generation = 1,
	};
}

static err_t find(const struct scheme *scheme, u64 directory, lease_t path, u64 *out)
{
	u8 room[PATH_ROOM];
	if (path.size > sizeof room)
		return ERR_NOT_FOUND;
	TRY(lease_get(path, 0, span_clamp(span_of(room), 0, path.size)));
	view_t name = view_clamp(view_of(room), 0, path.size);
	while (view_starts_with(name, VIEW_TEXT("/")))
		name = view_from_offset(name, 1);
	while (name.size && view_at(name, name.size - 1) == '/')
		name = view_clamp(name, 0, name.size - 1);
	*out = ROOT_INODE;
	if (directory > ROOT_INODE)
		return ERR_NOT_DIRECTORY;
	if (!name.size || view_equal(name, VIEW_TEXT(".")))
		return OK;
	for (u32 i = 0; i < scheme->count; i++) {
		*out = ROOT_INODE + 1 + i;
		if (view_equal(view_cstring(file_at(scheme, i)->name), name))
			return OK;
	}
	return ERR_NOT_FOUND;
}

// The text as memory that ends where the text does.
static err_t make_text(const struct scheme *scheme, const struct scheme_file *file, handle_t *out)
{
	static u8 text[SCHEME_TEXT_MAX];
	handle_t whole;
	u64 done;
	usize size = file->read(scheme->self, span_of(text));
	view_t bytes = view_clamp(view_of(text), 0, size);
	u64 pages = (bytes.size + PAGE_MASK) & ~PAGE_MASK;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, pages ? pages : PAGE_SIZE, HANDLE_NONE, 0, 0, &whole));
	err_t err = bytes.size ? memory_write(whole, 0, bytes, &done) : OK;
	if (err == OK)
		err = memory_control(whole, MEMORY_OPERATION_RESIZE, bytes.size, 0, &done);
	if (err == OK)
		err = handle_duplicate(
			whole, RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT, out);
	(void)handle_close(whole);
	return err;
}

static err_t operation_open(void *_Nullable self, struct caller caller, u64 directory, u32 flags,
	u32 mode, u64 serial, lease_t path, u64 *out_inode, u32 *out_generation, u32 *out_mode,
	u32 *out_object, handle_t *out_thing)
{
	const struct scheme *scheme = NOT_NULL(self);
	(void)mode;
	(void)serial;
	if (caller.badge != scheme->badge)
		return ERR_NOT_DIRECTORY;
	TRY(find(scheme, directory, path, out_inode));
	*out_generation = 1;
	*out_mode = attributes_of(scheme, *out_inode).mode;
	*out_object = FILE_OBJECT_CONNECTION;
	if (*out_inode == ROOT_INODE) {
		TRY(connection_create(scheme->port, scheme->badge, out_thing));
		(void)handle_pass(*out_thing);
		return OK;
	}
	const struct scheme_file *file = file_at(scheme, (u32)(*out_inode - ROOT_INODE - 1));
	if ((flags & ACCESS_MASK) == ACCESS_READ) {
		if (!file->read)
			return ERR_RIGHTS;
		TRY(make_text(scheme, file, out_thing));
		*out_object = FILE_OBJECT_MEMORY;
	} else {
		if (!file->write)
			return ERR_RIGHTS;
		TRY(connection_create(scheme->port, scheme->badge + *out_inode - ROOT_INODE, out_thing));
	}
	(void)handle_pass(*out_thing);
	return OK;
}

static err_t operation_stat(void *_Nullable self, struct caller caller, u64 directory, u32 flags,
	lease_t path, lease_t attributes)
{
	const struct scheme *scheme = NOT_NULL(self);
	u64 inode;
	(void)caller;
	(void)flags;
	TRY(find(scheme, directory, path, &inode));
	struct file_attributes found = attributes_of(scheme, inode);
	return lease_put(attributes, 0, view_of(found));
}

static err_t operation_info(void *_Nullable self, struct caller caller, lease_t attributes)
{
	const struct scheme *scheme = NOT_NULL(self);
	u64 index = caller.badge - scheme->badge;
	if (index > scheme->count)
		return ERR_NOT_FOUND;
	struct file_attributes found = attributes_of(scheme, ROOT_INODE + index);
	return lease_put(attributes, 0, view_of(found));
}

static err_t operation_list(
	void *_Nullable self, struct caller caller, u64 cookie, lease_t entries, u32 *out_bytes)
{
	const struct scheme *scheme = NOT_NULL(self);
	u64 at = 0;
	if (caller.badge != scheme->badge)
		return ERR_NOT_DIRECTORY;
	for (u64 i = cookie; i < scheme->count; i++) {
		view_t name = view_cstring(file_at(scheme, (u32)i)->name);
		struct file_entry entry = {
			.inode = ROOT_INODE + 1 + i, .next = i + 1, .size = (u16)name.size, .type = TYPE_FILE
		};
		u64 whole = sizeof entry + ((name.size + 7) & ~7ull);
		if (whole > entries.size - at)
			break;
		TRY(lease_put(entries, at, view_of(entry)));
		TRY(lease_put(entries, at + sizeof entry, name));
		at += whole;
	}
	*out_bytes = (u32)at;
	return OK;
}

static void operation_write(void *_Nullable self, struct file_write_call call)
{
	const struct scheme *scheme = NOT_NULL(self);
	u8 room[WRITE_ROOM];
	u64 index = call.caller.badge - scheme->badge; // from 1
	span_t text = span_clamp(span_of(room), 0, call.data.size);
	err_t err = ERR_RIGHTS;
	if (call.data.size > sizeof room)
		err = ERR_TOO_BIG;
	else if (index && index <= scheme->count && file_at(scheme, (u32)index - 1)->write)
		err = lease_get(call.data, 0, text);
	if (err == OK)
		err = file_at(scheme, (u32)index - 1)->write(scheme->self, span_view(text));
	file_write_done(call, err, err == OK ? call.data.size : 0);
}

bool scheme_dispatch(const void *_Nullable ops, void *_Nullable self, struct message *message)
{
	static const struct file_ops operations = {
		.open = operation_open,
		.stat = operation_stat,
		.info = operation_info,
		.list = operation_list,
		.write = operation_write,
	};
	(void)ops;
	return file_dispatch(&operations, self, message);
}
