// SPDX-License-Identifier: MIT
// socket_option.c - getsockopt and setsockopt of SOL_SOCKET. Options that change nothing here are
// accepted.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/time/units.h"

// What an option's value is: a number, a time, or the peer.
struct value {
	u32 size;
	union {
		i32 number;
		struct linux_timeval time;
		struct linux_ucred peer;
		i32 linger[2];
	};
};

static i64 get_number(const struct socket *socket, i32 option, i32 *out)
{
	switch (option) {
	case SO_TYPE: *out = (i32)socket->type; return 0;
	case SO_DOMAIN: *out = AF_UNIX; return 0;
	case SO_ACCEPTCONN: *out = socket->state == SOCKET_LISTENING; return 0;
	case SO_PASSCRED: *out = socket->passes_credentials; return 0;
	case SO_SNDBUF:
	case SO_RCVBUF: *out = PIPE_SIZE; return 0;
	case SO_RCVLOWAT: *out = 1; return 0;
	case SO_ERROR:
	case SO_PROTOCOL:
	case SO_DEBUG:
	case SO_REUSEADDR:
	case SO_REUSEPORT:
	case SO_DONTROUTE:
	case SO_BROADCAST:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
	case SO_PRIORITY: *out = 0; return 0;
	}
	return -ENOPROTOOPT;
}

static i64 get_option(const struct socket *socket, i32 option, struct value *out)
{
	if (option == SO_PEERCRED) {
		out->peer = socket->state == SOCKET_NEW || socket->has_names ? PEER_UNKNOWN : socket->peer;
		out->size = sizeof(out->peer);
		return 0;
	}
	if (option == SO_RCVTIMEO || option == SO_SNDTIMEO) {
		out->time = timeval_of(option == SO_RCVTIMEO ? socket->receive_ns : socket->send_ns);
		out->size = sizeof(out->time);
		return 0;
	}
	if (option == SO_LINGER) {
		out->size = sizeof(out->linger);
		return 0;
	}
	out->size = sizeof(out->number);
	return get_number(socket, option, &out->number);
}

i64 call_getsockopt(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	struct value value = {};
	u32 room;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = ARG_INT(1) == SOL_SOCKET ? get_option(socket, ARG_INT(2), &value) : -EOPNOTSUPP;
	file_put(self, &file);
	TRY_POSIX(answer);
	TRY_POSIX(user_get(room, ARG(4)));
	if ((i32)room < 0)
		return -EINVAL;
	u32 size = room < value.size ? room : value.size;
	TRY_POSIX(user_copy_out(ARG(3), &value.number, size));
	return user_put(ARG(4), size);
}

static i64 set_time(struct socket *socket, i32 option, u64 address, u32 size)
{
	struct linux_timeval time;
	u64 ns;
	if (size < sizeof(time))
		return -EINVAL;
	TRY_POSIX(user_get(time, address));
	if (time_of_timeval(&time, &ns) < 0)
		return -EDOM;
	*(option == SO_RCVTIMEO ? &socket->receive_ns : &socket->send_ns) = ns;
	return 0;
}

static i64 set_option(struct socket *socket, i32 option, u64 address, u32 size)
{
	i32 number, unused;
	if (option == SO_RCVTIMEO || option == SO_SNDTIMEO)
		return set_time(socket, option, address, size);
	if (size < sizeof(number))
		return -EINVAL;
	TRY_POSIX(user_get(number, address));
	if (option == SO_PASSCRED) {
		socket->passes_credentials = number != 0;
		return 0;
	}
	bool is_read_only = option == SO_TYPE || option == SO_ERROR || option == SO_DOMAIN ||
	                    option == SO_PROTOCOL || option == SO_ACCEPTCONN || option == SO_PEERCRED;
	bool is_known = option == SO_LINGER || option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE ||
	                get_number(socket, option, &unused) == 0;
	return is_known && !is_read_only ? 0 : -ENOPROTOOPT;
}

i64 call_setsockopt(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	bool is_ours = ARG_INT(1) == SOL_SOCKET;
	i64 answer = is_ours ? set_option(socket, ARG_INT(2), ARG(3), ARG_U32(4)) : -EOPNOTSUPP;
	file_put(self, &file);
	return answer;
}
