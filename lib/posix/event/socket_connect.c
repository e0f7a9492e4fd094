// SPDX-License-Identifier: MIT
// socket_connect.c - bind, listen, connect, accept. A name is an inode of the file system or,
// abstract, a hash; servers/meet keeps the stream to a listener under it. A client makes both
// streams and sends the listener its ends: connecting waits for nobody.
#include "abi/rights.h"
#include "ifc/meet.h"
#include "lib/base/hash.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/meeting.h"
#include "lib/posix/event/socket_name.h"
#include "lib/posix/file/open.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u64 KEY_ABSTRACT = (u64)1 << 63;
constexpr u32 HELLO_HANDLES = 3;

// What a client tells a listener, with the listener's input and output and its own grant.
struct hello {
	u32 type;
	struct socket_name name;
};

static bool is_abstract(const struct socket_name *name)
{
	return name->size && !AT(name->bytes, 0);
}

// Each type of sockets has its own.
static u64 abstract_key(const struct socket_name *name, u32 type)
{
	u64 key = name->size | type << 16;
	for (u32 i = 0; i < name->size; i++)
		key = hash_mix(key * 257 + AT(name->bytes, i));
	return key | KEY_ABSTRACT;
}

static view_t path_of(const struct socket_name *name)
{
	view_t text = view_clamp(view_of(name->bytes), 0, name->size);
	return view_clamp(text, 0, view_find(text, 0));
}

static u64 inode_key(u32 inode, u32 generation)
{
	return (u64)(generation & INT32_MAX) << 32 | inode;
}

static struct meeting meeting_of(u64 key, u32 entry, bool is_own)
{
	return (struct meeting){ .abstract = key & KEY_ABSTRACT ? key : 0,
		.inode = (u32)key,
		.generation = (u32)(key >> 32),
		.entry = entry,
		.flags = O_WRONLY,
		.is_own = is_own };
}

static i64 make_inode(struct posix_thread *self, const struct socket_name *name, u64 *key)
{
	struct path path UNINITIALIZED;
	struct made made;
	u32 mode = S_IFSOCK | (0777 & ~posix_self()->files.umask);
	TRY_POSIX(path_walk(self, AT_FDCWD, path_of(name), WALK_NO_FOLLOW, &path));
	if (path.walk.is_remote)
		return -EPERM;
	if (path.walk.at.inode != TREE_NONE)
		return -EADDRINUSE;
	i64 answer = tree_make_at(self, &path, &(struct making){ .mode = mode }, &made);
	*key = inode_key(made.inode, made.generation);
	return answer == -EEXIST ? -EADDRINUSE : answer;
}

static i64 find_inode(
	struct posix_thread *self, const struct socket_name *name, u64 *key, u32 *entry)
{
	struct path path UNINITIALIZED;
	struct tree_inode inode;
	TRY_POSIX(path_walk(self, AT_FDCWD, path_of(name), 0, &path));
	if (path.walk.is_remote)
		return -ECONNREFUSED;
	TRY_POSIX(path_inode(&path, &inode));
	if (!tree_may(&inode, &path.who, ACCESS_WRITE))
		return -EACCES;
	*key = inode_key(path.walk.at.inode, inode.generation);
	*entry = path.walk.entry;
	return (inode.mode & S_IFMT) == S_IFSOCK ? 0 : -ECONNREFUSED;
}

static i64 bind_name(
	struct posix_thread *self, struct socket *socket, const struct socket_name *name)
{
	if (socket->key)
		return -EINVAL;
	if (!name->size)
		return -EOPNOTSUPP;
	u64 key = abstract_key(name, socket->type);
	if (!is_abstract(name))
		TRY_POSIX(make_inode(self, name, &key));
	socket->key = key;
	socket->name = *name;
	return 0;
}

static i64 listen_at(const struct socket *socket, handle_t output)
{
	const struct meeting meeting = meeting_of(socket->key, 0, true);
	u32 tries = 0;
	err_t err;
	do {
		meet_t meet;
		TRY_POSIX(meeting_reach(&meeting, &meet));
		err = meet_listen(meet, socket->type, output);
		meeting_leave(meet);
	} while (meeting_again(err, &tries));
	return err == ERR_EXISTS ? -EADDRINUSE : posix_error(err);
}

// Of datagrams: from now on they come by its name.
static i64 start_hearing(struct socket *socket)
{
	i64 answer = posix_self()->events.meet.raw ? listen_at(socket, socket->holder) : -EOPNOTSUPP;
	if (answer < 0) {
		socket->key = 0;
		socket->name = (struct socket_name){};
	}
	return answer;
}

// A call with a descriptor and a name.
typedef i64 name_call(
	struct posix_thread *self, const struct file *file, const struct socket_name *name);

static i64 by_name(struct posix_thread *self, const struct arguments *arguments, name_call *call)
{
	struct file file;
	struct socket *socket;
	struct socket_name name;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = socket_take_name(ARG(1), ARG_U32(2), &name);
	if (answer >= 0)
		answer = call(self, &file, &name);
	file_put(self, &file);
	return answer;
}

static i64 bind_at(
	struct posix_thread *self, const struct file *file, const struct socket_name *name)
{
	struct socket *socket = socket_of(file);
	TRY_POSIX(bind_name(self, socket, name));
	return socket->has_names ? start_hearing(socket) : 0;
}

i64 call_bind(struct posix_thread *self, const struct arguments *arguments)
{
	return by_name(self, arguments, bind_at);
}

static i64 start_listening(struct socket *socket)
{
	meet_t meet = { posix_self()->events.meet };
	handle_t input, output;
	if (socket->type == SOCK_DGRAM || !meet.handle.raw)
		return -EOPNOTSUPP;
	if (socket->state == SOCKET_LISTENING)
		return 0;
	if (socket->state == SOCKET_CONNECTED || !socket->key)
		return -EINVAL;
	TRY_ERR(stream_create(PIPE_SIZE, 0, &input, &output));
	i64 answer = listen_at(socket, output);
	(void)!handle_close(output);
	if (answer < 0) {
		(void)!handle_close(input);
		return answer;
	}
	socket->accept = input;
	socket->peer = socket_credentials();
	socket->state = SOCKET_LISTENING;
	return 0;
}

i64 call_listen(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	struct socket *socket;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 answer = start_listening(socket);
	file_put(self, &file);
	return answer;
}

// The streams of a new connection.
struct line {
	handle_t input, output;         // the client's
	handle_t far_input, far_output; // the listener's
};

static i64 line_make(struct line *line)
{
	TRY_ERR(stream_create(PIPE_SIZE, 0, &line->input, &line->far_output));
	err_t err = stream_create(PIPE_SIZE, 0, &line->far_input, &line->output);
	if (err != OK) {
		(void)!handle_close(line->input);
		(void)!handle_close(line->far_output);
	}
	return posix_error(err);
}

static void line_close(const struct line *line)
{
	(void)!handle_close(line->input);
	(void)!handle_close(line->output);
}

// Who listens, and what shows it who we are.
struct listener {
	handle_t stream;         // owned
	meet_t grant;            // owned
	struct linux_ucred peer; // on meet's word
};

static i64 greet(struct posix_thread *self, const struct file *file,
	const struct listener *listener, const struct line *line)
{
	const struct socket *socket = socket_of(file);
	const struct hello hello = { socket->type, socket->name };
	const struct stream_way way = { listener->stream, stream_deadline(file), true };
	const handle_t with[] = { line->far_input, line->far_output, listener->grant.handle };
	static_assert(COUNT(with) == HELLO_HANDLES);
	for (u32 i = 0; i < COUNT(with); i++) {
		AT(self->block.handle, i) = AT(with, i);
		AT(self->block.handle_rights, i) = RIGHTS_ALL;
	}
	i64 done = stream_put_view(self, &way, view_of(hello), COUNT(with));
	return done == -EPIPE ? -ECONNREFUSED : done;
}

// line: a stream of ours, that shows that the grant is.
static i64 reach_listener(struct posix_thread *self, const struct socket_name *name, u32 type,
	handle_t line, struct listener *out)
{
	u64 key = abstract_key(name, type);
	u32 entry = 0, pid, tries = 0;
	err_t err;
	if (!is_abstract(name))
		TRY_POSIX(find_inode(self, name, &key, &entry));
	const struct meeting meeting = meeting_of(key, entry, false);
	do {
		TRY_POSIX(meeting_reach(&meeting, &out->grant));
		err = meet_connect(
			out->grant, type, line, &pid, &out->peer.user, &out->peer.group, &out->stream);
		if (err != OK)
			meeting_leave(out->grant);
	} while (meeting_again(err, &tries));
	if (err != OK)
		return err == ERR_NOT_FOUND    ? -ECONNREFUSED
		       : err == ERR_WRONG_TYPE ? -EPROTOTYPE
		                               : posix_error(err);
	out->peer.pid = (i32)pid;
	return 0;
}

static i64 connect_line(struct posix_thread *self, const struct file *file,
	const struct socket_name *name, const struct line *line)
{
	struct socket *socket = socket_of(file);
	struct listener listener = {};
	TRY_POSIX(reach_listener(self, name, socket->type, line->far_input, &listener));
	i64 answer = greet(self, file, &listener, line);
	(void)!handle_close(listener.stream);
	meeting_leave(listener.grant);
	TRY_POSIX(answer);
	socket->input = line->input;
	socket->output = line->output;
	socket->peer = listener.peer;
	socket->peer_name = *name;
	socket->state = SOCKET_CONNECTED;
	return 0;
}

static i64 reach_hearer(struct posix_thread *self, const struct file *file,
	const struct socket_name *name, struct listener *out)
{
	if (!posix_self()->events.meet.raw)
		return -EOPNOTSUPP;
	TRY_POSIX(reach_listener(self, name, SOCK_DGRAM, socket_input(file), out));
	meeting_leave(out->grant);
	return 0;
}

// Datagrams go there from now on, and those of others come still.
static i64 connect_datagrams(
	struct posix_thread *self, const struct file *file, const struct socket_name *name)
{
	struct socket *socket = socket_of(file);
	struct listener listener = {};
	TRY_POSIX(reach_hearer(self, file, name, &listener));
	if (socket->output.raw)
		(void)!handle_close(socket->output);
	socket->output = listener.stream;
	socket->peer = listener.peer;
	socket->peer_name = *name;
	socket->state = SOCKET_CONNECTED;
	return 0;
}

i64 socket_send_to(struct posix_thread *self, const struct file *file,
	struct socket_transfer *transfer, u64 address, u32 size)
{
	const struct socket *socket = socket_of(file);
	struct listener listener = {};
	struct socket_name name;
	if (!socket->has_names && socket->state == SOCKET_CONNECTED)
		return socket_has_messages(socket) ? socket_send(self, file, transfer) : -EISCONN;
	TRY_POSIX(socket_take_name(address, size, &name));
	if (!socket->has_names)
		return -EOPNOTSUPP;
	TRY_POSIX(reach_hearer(self, file, &name, &listener));
	u64 deadline = socket_deadline(file, transfer->flags, socket->send_ns);
	const struct stream_way way = { listener.stream, deadline, true };
	i64 answer = datagram_send(self, socket, &way, transfer);
	(void)!handle_close(listener.stream);
	return answer;
}

static i64 connect_name(
	struct posix_thread *self, const struct file *file, const struct socket_name *name)
{
	struct socket *socket = socket_of(file);
	meet_t meet = { posix_self()->events.meet };
	struct line line;
	if (socket->has_names)
		return connect_datagrams(self, file, name);
	if (socket->state != SOCKET_NEW)
		return socket->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
	if (socket->type == SOCK_DGRAM || !meet.handle.raw)
		return -EOPNOTSUPP;
	TRY_POSIX(line_make(&line));
	i64 answer = connect_line(self, file, name, &line);
	(void)!handle_close(line.far_input);
	(void)!handle_close(line.far_output);
	if (answer < 0)
		line_close(&line);
	return answer;
}

i64 call_connect(struct posix_thread *self, const struct arguments *arguments)
{
	return by_name(self, arguments, connect_name);
}

static i64 accept_one(struct posix_thread *self, const struct file *file, u32 flags)
{
	const struct socket *listener = socket_of(file);
	struct hello hello;
	u32 handles = 0;
	if (listener->state != SOCKET_LISTENING)
		return -EINVAL;
	const struct stream_way way = { listener->accept, stream_deadline(file), true };
	i64 done = stream_take_span(self, &way, span_of(hello), &handles);
	TRY_POSIX(done);
	struct parcel parcel = { .count = handles };
	for (u32 i = 0; i < handles; i++)
		AT(parcel.handle, i) = AT(self->block.handle, i);
	if ((usize)done != sizeof(hello) || handles != HELLO_HANDLES) {
		parcel_drop(&parcel);
		return -ECONNABORTED;
	}
	handle_t input = AT(parcel.handle, 0), grant = AT(parcel.handle, 2);
	const struct socket like = {
		.type = listener->type,
		.state = SOCKET_CONNECTED,
		.output = AT(parcel.handle, 1),
		.peer = socket_connected(grant, input, listener->key),
		.key = listener->key,
		.name = listener->name,
		.peer_name = hello.name,
	};
	(void)!handle_close(grant);
	return socket_install(self, &like, input, flags);
}

static i64 accept_flags(struct posix_thread *self, const struct arguments *arguments, u32 flags)
{
	struct file file, made;
	struct socket *socket;
	if (flags & ~((u32)O_NONBLOCK | (u32)O_CLOEXEC))
		return -EINVAL;
	TRY_POSIX(socket_get(self, ARG_INT(0), &file, &socket));
	i64 number = accept_one(self, &file, flags);
	file_put(self, &file);
	if (number < 0 || !ARG(1))
		return number;
	TRY_POSIX(socket_get(self, (i32)number, &made, &socket));
	i64 answer = socket_put_name(&socket->peer_name, ARG(1), ARG(2));
	file_put(self, &made);
	if (answer < 0)
		(void)descriptor_close(self, (i32)number);
	return answer < 0 ? answer : number;
}

i64 call_accept(struct posix_thread *self, const struct arguments *arguments)
{
	return accept_flags(self, arguments, 0);
}

i64 call_accept4(struct posix_thread *self, const struct arguments *arguments)
{
	return accept_flags(self, arguments, ARG_U32(3));
}
