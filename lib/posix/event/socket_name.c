// SPDX-License-Identifier: MIT
// socket_name.c - names of sockets, as programs give and get them.
#include "lib/posix/event/socket_name.h"

#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"

constexpr u32 FAMILY_SIZE = sizeof(u16);

i64 socket_take_name(u64 address, u32 size, struct socket_name *out)
{
	struct linux_sockaddr_un name = {};
	*out = (struct socket_name){};
	if (size < FAMILY_SIZE || size > sizeof(name))
		return -EINVAL;
	TRY_POSIX(user_copy_in(&name, address, size));
	if (name.family != AF_UNIX)
		return -EINVAL;
	out->size = size - FAMILY_SIZE;
	memory_copy(out->bytes, name.path, out->size);
	return 0;
}

i64 socket_put_name(const struct socket_name *name, u64 address, u64 size_address)
{
	struct linux_sockaddr_un all = { .family = AF_UNIX };
	u32 room, size = FAMILY_SIZE + name->size;
	TRY_POSIX(user_get(room, size_address));
	if ((i32)room < 0)
		return -EINVAL;
	memory_copy(all.path, name->bytes, name->size);
	TRY_POSIX(user_copy_out(address, &all, room < size ? room : size));
	return user_put(size_address, size);
}

static i64 names(struct posix_thread *self, const struct arguments *arguments, bool is_peer)
{
	struct file file;
	struct socket *socket;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	bool is_there = !is_peer || socket->state == SOCKET_CONNECTED;
	i64 answer = -ENOTCONN;
	if (is_there)
		answer = socket_put_name(is_peer ? &socket->peer_name : &socket->name, ARG(1), ARG(2));
	file_put(self, &file);
	return answer;
}

i64 call_getsockname(struct posix_thread *self, const struct arguments *arguments)
{
	return names(self, arguments, false);
}

i64 call_getpeername(struct posix_thread *self, const struct arguments *arguments)
{
	return names(self, arguments, true);
}
