// SPDX-License-Identifier: MIT
// socket_call.c - send, recv and their forms with addresses, parts and control messages.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/event/socket_name.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

constexpr u32 PARTS_MAX = 1024; // UIO_MAXIOV
constexpr u64 SIZE_MOST = INT32_MAX;

i64 call_sendto(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	struct socket_transfer transfer = { .flags = ARG_U32(3) };
	socket_one_part(&transfer, ARG(1), ARG(2));
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = ARG(4) ? socket_send_to(self, &file, &transfer, ARG(4), ARG_U32(5))
	                    : socket_send(self, &file, &transfer);
	file_put(self, &file);
	return answer;
}

static i64 put_sender(const struct socket *socket, const struct socket_transfer *transfer,
	u64 address, u64 size_address)
{
	constexpr u32 NONE = 0;
	if (!socket->has_names)
		return socket_put_name(&socket->peer_name, address, size_address);
	return transfer->sender.size ? socket_put_name(&transfer->sender, address, size_address)
	                             : user_put(size_address, NONE);
}

i64 call_recvfrom(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	struct socket_transfer transfer = { .flags = ARG_U32(3) };
	socket_one_part(&transfer, ARG(1), ARG(2));
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = socket_receive(self, &file, &transfer);
	parcel_drop(&transfer.parcel);
	if (answer >= 0 && ARG(4) && ARG(5)) {
		i64 failed = put_sender(socket, &transfer, ARG(4), ARG(5));
		answer = failed < 0 ? failed : answer;
	}
	file_put(self, &file);
	return answer;
}

static i64 take_parts(const struct linux_msghdr *message, struct socket_transfer *transfer)
{
	if (message->part_count > PARTS_MAX)
		return -EMSGSIZE;
	for (u64 i = 0; i < message->part_count; i++) {
		struct linux_iovec part;
		TRY_POSIX(user_get(part, message->parts + i * sizeof(part)));
		TRY_POSIX(user_check(part.address, part.size));
		if (!part.size)
			continue;
		if (transfer->count == SOCKET_PARTS || part.size > SIZE_MOST - transfer->size)
			return -EMSGSIZE;
		AT(transfer->part, transfer->count++) = part;
		transfer->size += part.size;
	}
	return 0;
}

static i64 send_message(struct posix_thread *self, const struct file *file, u64 address, u32 flags)
{
	struct linux_msghdr message;
	struct socket_transfer transfer = { .flags = flags };
	TRY_POSIX(user_get(message, address));
	TRY_POSIX(take_parts(&message, &transfer));
	TRY_POSIX(parcel_pack(self, socket_of(file), &message, &transfer.parcel));
	i64 answer = message.name
	                 ? socket_send_to(self, file, &transfer, message.name, message.name_size)
	                 : socket_send(self, file, &transfer);
	parcel_sent(&transfer.parcel);
	return answer;
}

static i64 receive_message(
	struct posix_thread *self, const struct file *file, u64 address, u32 flags)
{
	struct linux_msghdr message;
	struct socket_transfer transfer = { .flags = flags };
	TRY_POSIX(user_get(message, address));
	TRY_POSIX(take_parts(&message, &transfer));
	i64 answer = socket_receive(self, file, &transfer);
	TRY_POSIX(answer);
	u32 told = transfer.flags | (flags & MSG_CMSG_CLOEXEC);
	i64 control = 0;
	const struct socket *socket = socket_of(file);
	if (transfer.parcel.count || (socket->passes_credentials && answer))
		control = parcel_unpack(self, socket, &transfer.parcel, &message, &told);
	message.control_size = control > 0 ? (u64)control : 0;
	message.flags = told;
	if (message.name)
		TRY_POSIX(put_sender(
			socket, &transfer, message.name, address + offsetof(struct linux_msghdr, name_size)));
	TRY_POSIX(
		user_put(address + offsetof(struct linux_msghdr, control_size), message.control_size));
	TRY_POSIX(user_put(address + offsetof(struct linux_msghdr, flags), message.flags));
	return answer;
}

typedef i64 message_call(struct posix_thread *, const struct file *, u64 address, u32 flags);

static i64 with_socket(
	struct posix_thread *self, const struct arguments *arguments, message_call *call)
{
	struct file file;
	struct socket *socket;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = call(self, &file, ARG(1), ARG_U32(2));
	file_put(self, &file);
	return answer;
}

i64 call_sendmsg(struct posix_thread *self, const struct arguments *arguments)
{
	return with_socket(self, arguments, send_message);
}

i64 call_recvmsg(struct posix_thread *self, const struct arguments *arguments)
{
	return with_socket(self, arguments, receive_message);
}

// Several messages, one after the other: struct mmsghdr is a msghdr and the answer.
static i64 several(struct posix_thread *self, const struct arguments *arguments, message_call *call)
{
	constexpr u64 STEP = sizeof(struct linux_msghdr) + 8;
	struct file file;
	struct socket *socket;
	u32 count = ARG_U32(2) < PARTS_MAX ? ARG_U32(2) : PARTS_MAX, done = 0;
	i64 answer = 0;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	while (done < count && answer >= 0) {
		u64 address = ARG(1) + done * STEP;
		answer = call(self, &file, address, ARG_U32(3) | (done ? MSG_DONTWAIT : 0));
		u32 size = answer < 0 ? 0 : (u32)answer;
		if (answer >= 0)
			answer = user_put(address + sizeof(struct linux_msghdr), size);
		done += answer >= 0;
	}
	file_put(self, &file);
	return done ? (i64)done : answer;
}

i64 call_sendmmsg(struct posix_thread *self, const struct arguments *arguments)
{
	return several(self, arguments, send_message);
}

i64 call_recvmmsg(struct posix_thread *self, const struct arguments *arguments)
{
	return several(self, arguments, receive_message);
}
