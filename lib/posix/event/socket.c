// SPDX-License-Identifier: MIT
// socket.c - sockets as open files, pairs of them, and shutting them down. Not here: bytes
// (socket_data.c), messages with descriptors (socket_call.c), names (socket_name.c).
#include "lib/posix/event/socket.h"

#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

struct socket *socket_of(const struct file *file)
{
	UNSAFE_BEGIN("socket_install put it there")
	return (struct socket *)AT(file->description->detail, 0);
	UNSAFE_END
}

i64 socket_get(struct posix_thread *self, i32 number, struct file *file, struct socket **out)
{
	TRY_POSIX(file_get(self, number, file));
	u32 kind = file->description->kind;
	if (kind != FILE_SOCKET) {
		file_put(self, file);
		return kind == FILE_PATH ? -EBADF : -ENOTSOCK;
	}
	*out = socket_of(file);
	return 0;
}

handle_t socket_input(const struct file *file)
{
	const struct socket *socket = socket_of(file);
	if (socket->state == SOCKET_LISTENING)
		return socket->accept;
	return socket->input.raw ? socket->input : file->handle;
}

static i64 socket_read(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct socket_transfer one = {};
	socket_one_part(&one, transfer->address, transfer->size);
	i64 answer = socket_receive(self, file, &one);
	parcel_drop(&one.parcel);
	return answer;
}

static i64 socket_write(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct socket_transfer one = {};
	socket_one_part(&one, transfer->address, transfer->size);
	return socket_send(self, file, &one);
}

static i64 socket_stat(struct posix_thread *, const struct file *file, struct linux_stat *out)
{
	stream_stat(file, S_IFSOCK | 0777, out);
	return 0;
}

static i64 socket_control(struct posix_thread *, const struct file *file, u32 request, u64 argument)
{
	if (request != FIONREAD)
		return -ENOTTY;
	const struct socket *socket = socket_of(file);
	usize ahead = socket->peeked.size - socket->peeked_at;
	i32 waiting = (i32)(stream_waiting(socket_input(file)) + ahead);
	return user_put(argument, waiting);
}

static u32 socket_ready(struct posix_thread *, const struct file *file)
{
	const struct socket *socket = socket_of(file);
	handle_t input = socket_input(file);
	u32 in = input.raw ? handle_signals(input) : 0;
	u32 holds = in & SIGNAL_READABLE || socket->has_peeked ? POLL_IN : 0;
	if (socket->state == SOCKET_LISTENING || socket->state == SOCKET_HEARING)
		return holds;
	if (socket->state != SOCKET_CONNECTED)
		return socket->has_names ? holds | POLL_OUT : POLL_OUT | POLLHUP;
	u32 out = socket->output.raw ? handle_signals(socket->output) : SIGNAL_HANGUP;
	bool is_in_over = in & SIGNAL_HANGUP || socket->is_input_shut;
	bool is_refused = socket->has_names && out & SIGNAL_HANGUP; // so that the sender learns of it
	holds |= out & SIGNAL_WRITABLE || is_refused ? POLL_OUT : 0;
	holds |= is_in_over ? POLL_IN | POLLRDHUP : 0;
	bool is_over = is_in_over && out & SIGNAL_HANGUP;
	return holds | (is_over ? POLLHUP | POLL_OUT : 0);
}

static u32 socket_watch(const struct file *file, u32 wanted, handle_t *out)
{
	const struct socket *socket = socket_of(file);
	bool is_output = wanted && !(wanted & ~(u32)(POLL_OUT | POLLWRBAND));
	*out = socket_input(file);
	if (is_output && socket->state == SOCKET_CONNECTED) {
		*out = socket->output;
		return socket->output.raw ? SIGNAL_WRITABLE | SIGNAL_HANGUP : 0;
	}
	return out->raw ? (wanted & POLL_IN ? SIGNAL_READABLE : 0) | SIGNAL_HANGUP : 0;
}

static void close_both(handle_t input, handle_t output)
{
	if (input.raw)
		(void)!handle_close(input);
	if (output.raw)
		(void)!handle_close(output);
}

static void socket_close(struct posix_thread *, const struct file *file, bool)
{
	struct socket *socket = socket_of(file);
	if (socket->output.raw)
		(void)!handle_close(socket->output);
	close_both(socket->holder, socket->input);
	close_both(socket->accept, HANDLE_NONE);
	parcel_drop(&socket->peeked_parcel);
	if (socket->has_peeked)
		heap_give(socket->peeked.data, socket->peeked.size + 1);
	heap_give(socket, sizeof(*socket));
}

const struct operations socket_operations = {
	.read = socket_read,
	.write = socket_write,
	.stat = socket_stat,
	.control = socket_control,
	.ready = socket_ready,
	.watch = socket_watch,
	.close = socket_close,
};

struct socket *_Nullable socket_copy(const struct socket *like)
{
	struct socket *socket = heap_take(sizeof(struct socket));
	if (socket)
		*socket = *like;
	return socket;
}

i64 socket_install(struct posix_thread *self, const struct socket *like, handle_t input, u32 flags)
{
	struct description *description;
	struct socket *socket = socket_copy(like);
	i64 answer = -ENOBUFS;
	if (socket)
		answer = description_create(FILE_SOCKET, O_RDWR | (flags & O_NONBLOCK), &description);
	if (answer < 0) {
		close_both(input, like->output);
		heap_give(socket, sizeof(*socket));
		return answer;
	}
	description->inode = event_inode();
	AT(description->detail, 0) = (u64)(uintptr_t)socket;
	return descriptor_install(
		self, description, input, flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0, 0);
}

i64 socket_check_type(i32 family, u32 type, i32 protocol)
{
	u32 plain = type & SOCK_TYPE_MASK;
	if (type & ~((u32)SOCK_TYPE_MASK | (u32)O_NONBLOCK | (u32)O_CLOEXEC))
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	bool is_known = plain == SOCK_STREAM || plain == SOCK_DGRAM || plain == SOCK_SEQPACKET;
	return is_known ? 0 : -ESOCKTNOSUPPORT;
}

struct linux_ucred socket_credentials(void)
{
	const struct identity *identity = &posix_self()->identity;
	return (struct linux_ucred){ (i32)identity->pid, identity->credentials.effective_user,
		identity->credentials.effective_group };
}

struct ends {
	i32 first, second;
};

static i64 pair_make(struct posix_thread *self, u32 type, struct ends *out)
{
	handle_t in[2], other[2]; // of each socket: what it reads, what the other one writes into
	TRY_ERR(stream_create(PIPE_SIZE, 0, &AT(in, 0), &AT(other, 1)));
	err_t err = stream_create(PIPE_SIZE, 0, &AT(in, 1), &AT(other, 0));
	if (err != OK) {
		close_both(AT(in, 0), AT(other, 1));
		return posix_error(err);
	}
	struct socket like = { .type = type & SOCK_TYPE_MASK,
		.state = SOCKET_CONNECTED,
		.output = AT(other, 0),
		.peer = socket_credentials() };
	i64 first = socket_install(self, &like, AT(in, 0), type);
	like.output = AT(other, 1);
	if (first < 0) {
		close_both(AT(in, 1), AT(other, 1));
		return first;
	}
	i64 second = socket_install(self, &like, AT(in, 1), type);
	if (second < 0) {
		(void)descriptor_close(self, (i32)first);
		return second;
	}
	*out = (struct ends){ (i32)first, (i32)second };
	return 0;
}

i64 call_socketpair(struct posix_thread *self, const struct arguments *arguments)
{
	struct ends ends;
	TRY_POSIX(socket_check_type(ARG_INT(0), ARG_U32(1), ARG_INT(2)));
	TRY_POSIX(pair_make(self, ARG_U32(1), &ends));
	i64 answer = user_put(ARG(3), ends);
	if (answer < 0) {
		(void)descriptor_close(self, ends.first);
		(void)descriptor_close(self, ends.second);
	}
	return answer;
}

// A netlink socket is a place where mq_notify leaves its cookie: what is written to it is read from
// it. It has no address and sends nothing, so that programs that look for routes go without.
static i64 netlink_make(struct posix_thread *self, u32 type)
{
	struct socket like = { .type = SOCK_STREAM, .state = SOCKET_HEARING };
	handle_t input;
	TRY_ERR(stream_create(PIPE_SIZE, 0, &input, &like.output));
	return socket_install(self, &like, input, type);
}

static bool is_netlink(const struct arguments *arguments)
{
	u32 type = ARG_U32(1) & SOCK_TYPE_MASK;
	return ARG_INT(0) == AF_NETLINK && !ARG_INT(2) && (type == SOCK_RAW || type == SOCK_DGRAM);
}

i64 call_socket(struct posix_thread *self, const struct arguments *arguments)
{
	if (is_netlink(arguments))
		return netlink_make(self, ARG_U32(1));
	TRY_POSIX(socket_check_type(ARG_INT(0), ARG_U32(1), ARG_INT(2)));
	if ((ARG_U32(1) & SOCK_TYPE_MASK) == SOCK_DGRAM)
		return datagram_make(self, ARG_U32(1));
	const struct socket like = { .type = ARG_U32(1) & SOCK_TYPE_MASK };
	return socket_install(self, &like, HANDLE_NONE, ARG_U32(1));
}

// In all processes that have it: its handles are revoked, not only ours closed; but to where others
// send their datagrams they go on.
static void shut_output(struct socket *socket)
{
	handle_t output = socket->output;
	if (!output.raw)
		return;
	socket->output = HANDLE_NONE;
	if (!socket->has_names)
		(void)!object_revoke(output);
	(void)!handle_close(output);
}

i64 call_shutdown(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	i32 how = ARG_INT(1);
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : 0;
	if (!answer && socket->state != SOCKET_CONNECTED)
		answer = -ENOTCONN;
	if (!answer && how != SHUT_WR)
		socket->is_input_shut = true;
	if (!answer && how != SHUT_RD)
		shut_output(socket);
	file_put(self, &file);
	return answer;
}
