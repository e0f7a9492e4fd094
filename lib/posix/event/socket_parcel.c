// SPDX-License-Identifier: MIT
// socket_parcel.c - handing descriptors over, and cards that say who sends. What they are travels
// as a page of memory, kernel handles beside it: so at most three handles in one message. The
// receiver gets descriptions of its own: an offset is no longer shared with the sender
// (docs/conformance.md).
#include "abi/rights.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/file/received.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u32 RECORDS_MAX = 16;
constexpr u32 STATE_SHIFT = 16, STATE_MASK = 0x7fff, NAMES_SHIFT = 31; // of record.socket_type

struct record {
	u64 offset, detail[2];
	u32 flags, inode, generation;
	u16 kind, tree;
	u32 has_handle, socket_type, has_output;
};

struct records {
	u32 count, has_card;
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
	if (description->kind == FILE_SOCKET)
		AT(record->detail, 0) = socket_of(file)->key; // its own detail is an address here
	else
		memory_copy(record->detail, description->detail, sizeof(record->detail));
	if (record->has_handle)
		TRY_POSIX(add_handle(out, handle_of(file)));
	if (description->kind != FILE_SOCKET)
		return 0;
	const struct socket *socket = socket_of(file);
	record->socket_type =
		socket->type | socket->state << STATE_SHIFT | (u32)socket->has_names << NAMES_SHIFT;
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

// What is put together: descriptions and handles, and who the sender says that it is.
struct packing {
	struct records records;
	struct parcel *parcel;
	struct linux_ucred who;
	bool is_said;
};

static i64 pack_one(struct posix_thread *self, const struct linux_cmsghdr *head, u64 address,
	struct packing *packing)
{
	u64 size = head->size - sizeof(*head);
	if (head->level != SOL_SOCKET)
		return 0;
	if (head->type == SCM_RIGHTS)
		return pack_numbers(self, address, size, &packing->records, packing->parcel);
	if (head->type != SCM_CREDENTIALS || size != sizeof(packing->who))
		return -EINVAL;
	packing->is_said = true;
	return user_get(packing->who, address);
}

static i64 pack_all(
	struct posix_thread *self, const struct linux_msghdr *message, struct packing *packing)
{
	u64 at = 0;
	while (message->control && message->control_size >= sizeof(struct linux_cmsghdr) &&
		   at <= message->control_size - sizeof(struct linux_cmsghdr)) {
		struct linux_cmsghdr head;
		TRY_POSIX(user_get(head, message->control + at));
		if (head.size < sizeof(head) || head.size > message->control_size - at)
			return -EINVAL;
		TRY_POSIX(pack_one(self, &head, message->control + at + sizeof(head), packing));
		at += aligned(head.size);
	}
	return 0;
}

// The last handle. Who wants to be told of others tells others of itself; where it does not fit,
// they know whom they are connected to.
static i64 pack_card(const struct socket *socket, struct packing *packing)
{
	struct parcel *parcel = packing->parcel;
	const struct proc_credentials *own = &posix_self()->identity.credentials;
	handle_t card;
	if (!packing->is_said && !socket->passes_credentials)
		return 0;
	if (!packing->is_said)
		packing->who =
			(struct linux_ucred){ (i32)posix_self()->identity.pid, own->user, own->group };
	TRY_POSIX(card_make(socket, &packing->who, &card));
	parcel->has_card = card.raw && add_handle(parcel, card) == 0;
	packing->records.has_card = parcel->has_card;
	if (card.raw && !parcel->has_card)
		(void)!handle_close(card);
	return 0;
}

static i64 put_records(const struct records *records, handle_t *out)
{
	u64 done;
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, out));
	err_t err = memory_write(*out, 0, view_of(*records), &done);
	if (err != OK)
		(void)!handle_close(*out);
	return posix_error(err);
}

i64 parcel_pack(struct posix_thread *self, const struct socket *socket,
	const struct linux_msghdr *message, struct parcel *out)
{
	struct packing packing = { .parcel = out };
	handle_t memory = HANDLE_NONE;
	*out = (struct parcel){ .count = 1 }; // its memory comes first
	i64 answer = pack_all(self, message, &packing);
	if (answer >= 0)
		answer = pack_card(socket, &packing);
	bool has_some = packing.records.count || out->has_card;
	if (answer >= 0 && has_some)
		answer = put_records(&packing.records, &memory);
	AT(out->handle, 0) = memory;
	if (answer < 0 || !has_some) {
		parcel_sent(out);
		out->count = 0;
	}
	return answer;
}

void parcel_sent(const struct parcel *parcel)
{
	if (parcel->count && AT(parcel->handle, 0).raw)
		(void)!handle_close(AT(parcel->handle, 0));
	if (parcel->has_card)
		(void)!handle_close(AT(parcel->handle, parcel->count - 1));
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
			.state = record->socket_type >> STATE_SHIFT & STATE_MASK,
			.has_names = record->socket_type >> NAMES_SHIFT,
			.output = record->has_output ? next_handle(parcel, at) : HANDLE_NONE,
			.peer = PEER_UNKNOWN, // the sender could say anything
			.key = AT(record->detail, 0),
		};
		bool is_listener = like.state == SOCKET_LISTENING;
		if (is_listener)
			like.accept = handle;
		return socket_install(self, &like, is_listener ? HANDLE_NONE : handle,
			(record->flags & O_NONBLOCK) | cloexec);
	}
	struct description *description;
	struct opening opening = { .kind = (enum file_kind)record->kind,
		.flags = record->flags,
		.handle = handle,
		.tree = record->tree,
		.inode = record->inode,
		.generation = record->generation };
	memory_copy(opening.detail, record->detail, sizeof(record->detail));
	i64 answer = received_check(&opening);
	if (answer >= 0)
		answer = description_create(opening.kind, opening.flags, &description);
	if (answer < 0) {
		if (handle.raw)
			(void)!handle_close(handle);
		return answer;
	}
	description->offset = record->offset;
	description->inode = opening.inode;
	description->generation = opening.generation;
	description->tree = opening.tree;
	memory_copy(description->detail, opening.detail, sizeof(opening.detail));
	return descriptor_install(self, description, handle, cloexec ? DESCRIPTOR_CLOEXEC : 0, 0);
}

static bool is_plausible(const struct record *record)
{
	return record->kind > FILE_NONE && record->kind < FILE_KINDS && record->kind != FILE_EPOLL;
}

// Where control messages are put, one after the other.
struct control {
	u64 address, room, used;
};

// Room for a message's data, or 0.
static u64 control_room(const struct control *control)
{
	u64 left = control->room - control->used;
	return left < sizeof(struct linux_cmsghdr) ? 0 : left - sizeof(struct linux_cmsghdr);
}

static i64 control_end(struct control *control, i32 type, u64 size)
{
	struct linux_cmsghdr head = { .level = SOL_SOCKET, .type = type, .size = sizeof(head) + size };
	TRY_POSIX(user_put(control->address + control->used, head));
	u64 used = control->used + aligned(head.size);
	control->used = used < control->room ? used : control->room;
	return 0;
}

static i64 unpack_files(struct posix_thread *self, const struct records *records,
	struct parcel *parcel, struct control *control, u32 *flags)
{
	u32 at = 1, cloexec = *flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0, count = 0;
	u64 room = control_room(control);
	u64 address = control->address + control->used + sizeof(struct linux_cmsghdr);
	for (u32 i = 0; i < records->count && i < RECORDS_MAX; i++) {
		const struct record *record = &AT(records->record, i);
		bool fits = room >= (count + 1) * sizeof(i32) && is_plausible(record);
		i64 number = fits ? unpack(self, record, parcel, &at, cloexec) : -EMSGSIZE;
		if (number < 0) {
			*flags |= MSG_CTRUNC;
			break;
		}
		i32 value = (i32)number;
		(void)!user_put(address + count++ * sizeof(i32), value);
	}
	return count ? control_end(control, SCM_RIGHTS, count * sizeof(i32)) : 0;
}

// The number that Linux shows for an id that there is not.
static u32 shown(u32 id)
{
	constexpr u32 OVERFLOW = 65534;
	return id == UINT32_MAX ? OVERFLOW : id;
}

// From the card that came with the bytes, else whom the socket is connected to, if only that can
// have sent them.
static i64 unpack_credentials(
	const struct socket *socket, handle_t card, struct control *control, u32 *flags)
{
	const struct linux_ucred peer = socket->has_names ? PEER_UNKNOWN : socket->peer;
	struct linux_ucred who = card.raw ? card_read(card) : peer;
	who.user = shown(who.user);
	who.group = shown(who.group);
	if (control_room(control) < sizeof(who)) {
		*flags |= MSG_CTRUNC;
		return 0;
	}
	TRY_POSIX(user_put(control->address + control->used + sizeof(struct linux_cmsghdr), who));
	return control_end(control, SCM_CREDENTIALS, sizeof(who));
}

i64 parcel_unpack(struct posix_thread *self, const struct socket *socket,
	const struct parcel *received, const struct linux_msghdr *message, u32 *flags)
{
	struct parcel parcel = *received;
	struct records records = {};
	struct control control = { message->control, message->control_size, 0 };
	handle_t card = HANDLE_NONE;
	u64 done;
	i64 answer = 0;
	if (!parcel.count || memory_read(AT(parcel.handle, 0), 0, span_of(records), &done) != OK)
		records = (struct records){};
	if (records.has_card && parcel.count > 1)
		card = AT(parcel.handle, parcel.count - 1);
	if (socket->passes_credentials)
		answer = unpack_credentials(socket, card, &control, flags);
	if (answer >= 0 && records.count)
		answer = unpack_files(self, &records, &parcel, &control, flags);
	parcel_drop(&parcel);
	return answer < 0 ? answer : (i64)control.used;
}
