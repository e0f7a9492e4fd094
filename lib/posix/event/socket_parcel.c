// SPDX-License-Identifier: MIT
// socket_parcel.c - handing descriptors over. What they are travels as a page of memory, their
// kernel handles beside it: so at most three handles in one message. The receiver gets descriptions
// of its own: an offset is no longer shared with the sender (docs/conformance.md).
#include "abi/rights.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u32 RECORDS_MAX = 16;

struct record {
	u64 offset, detail[2];
	u32 flags, inode, generation;
	u16 kind, tree;
	u32 has_handle, socket_type, has_output;
};

struct records {
	u32 count, reserved;
	struct record record[RECORDS_MAX];
};
static_assert(sizeof(struct records) <= PAGE_SIZE);

static u64 aligned(u64 size)
{
	return (size + 7) & ~(u64)7;
}

static i64 add_handle(struct parcel *parcel, handle_t handle)
{
	if (parcel->count == MESSAGE_HANDLES)
		return -ETOOMANYREFS;
	AT(parcel->handle, parcel->count++) = handle;
	return 0;
}

static handle_t handle_of(const struct file *file)
{
	return file->description->kind == FILE_SOCKET ? socket_input(file) : file->handle;
}

static i64 pack_file(const struct file *file, struct records *records, struct parcel *out)
{
	const struct description *description = file->description;
	if (description->kind == FILE_EPOLL || records->count == RECORDS_MAX)
		return description->kind == FILE_EPOLL ? -EINVAL : -ETOOMANYREFS;
	struct record *record = &AT(records->record, records->count++);
	*record = (struct record){
		.offset = description->offset,
		.flags = description->flags,
		.inode = description->inode,
		.generation = description->generation,
		.kind = description->kind,
		.tree = description->tree,
		.has_handle = handle_of(file).raw != 0,
	};
	memory_copy(record->detail, description->detail, sizeof(record->detail));
	if (record->has_handle)
		TRY_POSIX(add_handle(out, handle_of(file)));
	if (description->kind != FILE_SOCKET)
		return 0;
	const struct socket *socket = socket_of(file);
	record->socket_type = socket->type | socket->state << 16;
	record->has_output = socket->output.raw != 0;
	return record->has_output ? add_handle(out, socket->output) : 0;
}

// The descriptors stay open in this process for as long as the call lasts: others that close them
// meanwhile make the send fail.
static i64 pack_numbers(
	struct posix_thread *self, u64 address, u64 size, struct records *records, struct parcel *out)
{
	for (u64 i = 0; i < size / sizeof(i32); i++) {
		i32 number;
		struct file file;
		TRY_POSIX(user_get(number, address + i * sizeof(number)));
		TRY_POSIX(file_get(self, number, &file));
		i64 answer = pack_file(&file, records, out);
		file_put(self, &file);
		TRY_POSIX(answer);
	}
	return 0;
}

static i64 pack_all(struct posix_thread *self, const struct linux_msghdr *message,
	struct records *records, struct parcel *out)
{
	u64 at = 0;
	while (message->control_size >= sizeof(struct linux_cmsghdr) &&
		   at <= message->control_size - sizeof(struct linux_cmsghdr)) {
		struct linux_cmsghdr head;
		TRY_POSIX(user_get(head, message->control + at));
		if (head.size < sizeof(head) || head.size > message->control_size - at)
			return -EINVAL;
		if (head.level == SOL_SOCKET && head.type == SCM_RIGHTS)
			TRY_POSIX(pack_numbers(self, message->control + at + sizeof(head),
				head.size - sizeof(head), records, out));
		else if (head.level == SOL_SOCKET && head.type != SCM_CREDENTIALS)
			return -EINVAL;
		at += aligned(head.size);
	}
	return 0;
}

i64 parcel_pack(struct posix_thread *self, const struct linux_msghdr *message, struct parcel *out)
{
	struct records records = {};
	handle_t memory;
	u64 done;
	*out = (struct parcel){ .count = 1 }; // its memory comes first
	if (!message->control || !message->control_size) {
		out->count = 0;
		return 0;
	}
	TRY_POSIX(pack_all(self, message, &records, out));
	if (!records.count) {
		out->count = 0;
		return 0;
	}
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_write(memory, 0, view_of(records), &done);
	if (err != OK)
		(void)!handle_close(memory);
	AT(out->handle, 0) = memory;
	return posix_error(err);
}

void parcel_drop(const struct parcel *parcel)
{
	for (u32 i = 0; i < parcel->count; i++)
		if (AT(parcel->handle, i).raw)
			(void)!handle_close(AT(parcel->handle, i));
}

static handle_t next_handle(struct parcel *parcel, u32 *at)
{
	u32 index = (*at)++;
	if (index >= parcel->count)
		return HANDLE_NONE;
	handle_t handle = AT(parcel->handle, index);
	AT(parcel->handle, index) = HANDLE_NONE; // somebody else's from now on
	return handle;
}

// The new descriptor, or -errno.
static i64 unpack(struct posix_thread *self, const struct record *record, struct parcel *parcel,
	u32 *at, u32 cloexec)
{
	handle_t handle = record->has_handle ? next_handle(parcel, at) : HANDLE_NONE;
	if (record->kind == FILE_SOCKET) {
		struct socket like = {
			.type = record->socket_type & 0xffff,
			.state = record->socket_type >> 16,
			.output = record->has_output ? next_handle(parcel, at) : HANDLE_NONE,
		};
		return socket_install(self, &like, handle, (record->flags & O_NONBLOCK) | cloexec);
	}
	struct description *description;
	i64 answer = description_create((enum file_kind)record->kind, record->flags, &description);
	if (answer < 0) {
		if (handle.raw)
			(void)!handle_close(handle);
		return answer;
	}
	description->offset = record->offset;
	description->inode = record->inode;
	description->generation = record->generation;
	description->tree = record->tree;
	memory_copy(description->detail, record->detail, sizeof(record->detail));
	return descriptor_install(self, description, handle, cloexec ? DESCRIPTOR_CLOEXEC : 0, 0);
}

static bool is_plausible(const struct record *record)
{
	return record->kind > FILE_NONE && record->kind < FILE_KINDS && record->kind != FILE_EPOLL;
}

i64 parcel_unpack(struct posix_thread *self, const struct parcel *received,
	const struct linux_msghdr *message, u32 *flags)
{
	struct parcel parcel = *received;
	struct records records = {};
	struct linux_cmsghdr head = { .level = SOL_SOCKET, .type = SCM_RIGHTS, .size = sizeof(head) };
	u64 done,
		room = message->control_size < sizeof(head) ? 0 : message->control_size - sizeof(head);
	u32 at = 1, cloexec = *flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0, count = 0;
	if (memory_read(AT(parcel.handle, 0), 0, span_of(records), &done) != OK)
		records.count = 0;
	for (u32 i = 0; i < records.count && i < RECORDS_MAX; i++) {
		const struct record *record = &AT(records.record, i);
		bool fits = room >= (count + 1) * sizeof(i32) && is_plausible(record);
		i64 number = fits ? unpack(self, record, &parcel, &at, cloexec) : -EMSGSIZE;
		if (number < 0) {
			*flags |= MSG_CTRUNC;
			break;
		}
		i32 value = (i32)number;
		(void)!user_put(message->control + sizeof(head) + count++ * sizeof(i32), value);
	}
	parcel_drop(&parcel);
	head.size += count * sizeof(i32);
	if (!count)
		return 0;
	TRY_POSIX(user_put(message->control, head));
	return (i64)(aligned(head.size) < message->control_size ? aligned(head.size)
															: message->control_size);
}
