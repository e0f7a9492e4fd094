// SPDX-License-Identifier: MIT
// socket_data.c - sending and receiving. A stream's bytes travel as they are; a message has its
// size before it, and one of up to PIPE_BUF bytes goes whole, because the kernel's streams say so.
#include "abi/rights.h"
#include "abi/signals.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/time/units.h"

constexpr u32 HEAD = sizeof(u32);

u64 socket_deadline(const struct file *file, u32 flags, u64 limit_ns)
{
	if (flags & MSG_DONTWAIT)
		return 0;
	u64 deadline = stream_deadline(file);
	return deadline && limit_ns ? time_from_now(limit_ns) : deadline;
}

void socket_attach(struct posix_thread *self, const struct parcel *parcel)
{
	for (u32 i = 0; i < parcel->count; i++) {
		AT(self->block.handle, i) = AT(parcel->handle, i);
		AT(self->block.handle_rights, i) = RIGHTS_ALL;
	}
}

// The first byte carries the parcel, so the first part goes alone with so much as fits at once.
static i64 send_bytes(
	struct posix_thread *self, const struct stream_way *way, const struct socket_transfer *transfer)
{
	i64 sent = 0;
	u32 handles = transfer->parcel.count;
	if (handles && !transfer->size)
		return -EINVAL;
	for (u32 i = 0; i < transfer->count; i++) {
		const struct linux_iovec *part = &AT(transfer->part, i);
		view_t data;
		TRY_POSIX(user_view(part->address, part->size, &data));
		socket_attach(self, &transfer->parcel);
		i64 done = handles ? stream_put_view(self, way, data, handles)
		                   : stream_put_bytes(self, way, part->address, part->size);
		if (done < 0)
			return sent ? sent : done;
		sent += done;
		if ((u64)done < part->size)
			break;
		handles = 0;
	}
	return sent;
}

i64 socket_gather(span_t to, const struct socket_transfer *transfer)
{
	u64 at = 0;
	for (u32 i = 0; i < transfer->count && at < to.size; i++) {
		const struct linux_iovec *part = &AT(transfer->part, i);
		span_t piece = span_clamp(to, at, part->size);
		TRY_POSIX(user_copy_in(piece.data, part->address, piece.size));
		at += part->size;
	}
	return 0;
}

static i64 scatter(view_t from, const struct socket_transfer *transfer)
{
	u64 at = 0;
	for (u32 i = 0; i < transfer->count && at < from.size; i++) {
		const struct linux_iovec *part = &AT(transfer->part, i);
		view_t piece = view_clamp(from, at, part->size);
		TRY_POSIX(user_copy_out(part->address, piece.data, piece.size));
		at += part->size;
	}
	return 0;
}

static i64 send_whole(struct posix_thread *self, const struct stream_way *way, span_t message,
	const struct socket_transfer *transfer)
{
	u32 size = (u32)transfer->size;
	(void)span_copy(message, view_of(size));
	span_t body = span_from_offset(message, HEAD);
	TRY_POSIX(socket_gather(body, transfer));
	socket_attach(self, &transfer->parcel);
	i64 done = stream_put_view(self, way, span_view(message), transfer->parcel.count);
	TRY_POSIX(done);
	struct stream_way rest = { way->handle, DEADLINE_NEVER, way->is_silent };
	for (usize sent = (usize)done; sent < message.size;) {
		done = stream_put_view(self, &rest, view_from_offset(span_view(message), sent), 0);
		if (done == -ERESTARTSYS)
			continue; // half a message must not stay behind
		TRY_POSIX(done);
		sent += (usize)done;
	}
	return size;
}

static i64 send_message(
	struct posix_thread *self, const struct stream_way *way, const struct socket_transfer *transfer)
{
	u8 few[PIPE_BUF];
	usize size = HEAD + transfer->size;
	if (transfer->size > SOCKET_MESSAGE_MAX)
		return -EMSGSIZE;
	if (size <= sizeof(few))
		return send_whole(self, way, span_clamp(span_of(few), 0, size), transfer);
	void *memory = heap_take(size);
	if (!memory)
		return -ENOBUFS;
	i64 answer = send_whole(self, way, span_from(memory, size), transfer);
	heap_give(memory, size);
	return answer;
}

i64 socket_send(
	struct posix_thread *self, const struct file *file, struct socket_transfer *transfer)
{
	struct socket *socket = socket_of(file);
	bool is_silent = transfer->flags & MSG_NOSIGNAL || (socket->has_names && socket->output.raw);
	if (socket->state != SOCKET_CONNECTED)
		return -ENOTCONN;
	if (!socket->output.raw)
		return stream_broken(self, is_silent);
	u64 deadline = socket_deadline(file, transfer->flags, socket->send_ns);
	const struct stream_way way = { socket->output, deadline, is_silent };
	if (!socket_has_messages(socket))
		return send_bytes(self, &way, transfer);
	if (socket->has_names)
		return datagram_send(self, socket, &way, transfer);
	i64 answer = send_message(self, &way, transfer);
	return answer == -EPIPE && socket->type == SOCK_DGRAM ? -ECONNREFUSED : answer;
}

void socket_take_parcel(struct posix_thread *self, u32 handles, struct parcel *out)
{
	out->count = handles < MESSAGE_HANDLES ? handles : MESSAGE_HANDLES;
	for (u32 i = 0; i < out->count; i++)
		AT(out->handle, i) = AT(self->block.handle, i);
}

static void peeked_drop(struct socket *socket)
{
	heap_give(socket->peeked.data, socket->peeked.size + 1);
	socket->peeked = (span_t){};
	socket->peeked_at = 0;
	socket->has_peeked = false;
}

// Bytes that were read ahead. is_whole: they are one message.
static i64 from_peeked(struct socket *socket, struct socket_transfer *transfer, bool is_whole)
{
	view_t rest = view_from_offset(span_view(socket->peeked), socket->peeked_at);
	u64 size = transfer->size < rest.size ? transfer->size : rest.size;
	TRY_POSIX(scatter(view_clamp(rest, 0, size), transfer));
	bool is_cut = is_whole && size < rest.size;
	i64 answer = (i64)(is_cut && transfer->flags & MSG_TRUNC ? rest.size : size);
	bool is_peek = transfer->flags & MSG_PEEK;
	transfer->sender = socket->sender;
	transfer->flags = is_cut ? MSG_TRUNC : 0;
	if (is_peek)
		return answer;
	transfer->parcel = socket->peeked_parcel;
	socket->peeked_parcel = (struct parcel){};
	socket->peeked_at += (u32)size;
	if (is_whole || socket->peeked_at == socket->peeked.size)
		peeked_drop(socket);
	return answer;
}

void socket_peeked_set(struct socket *socket, u8 *memory, usize size)
{
	socket->peeked = span_from(memory, size);
	socket->peeked_at = 0;
	socket->has_peeked = true;
}

// Reads ahead what fits into size bytes of the heap.
static i64 read_ahead(
	struct posix_thread *self, struct socket *socket, const struct stream_way *way, usize size)
{
	u32 handles = 0;
	u8 *memory = heap_take(size + 1);
	if (!memory)
		return -ENOBUFS;
	i64 done = stream_take_span(self, way, span_from(memory, size), &handles);
	u8 *kept = done > 0 ? heap_take((usize)done + 1) : nullptr;
	if (kept)
		memory_copy(kept, memory, (usize)done);
	heap_give(memory, size + 1);
	if (done <= 0 || !kept)
		return done <= 0 ? done : -ENOBUFS;
	socket_take_parcel(self, handles, &socket->peeked_parcel);
	socket_peeked_set(socket, kept, (usize)done);
	return done;
}

static i64 receive_ahead(struct posix_thread *self, struct socket *socket,
	const struct stream_way *way, struct socket_transfer *transfer)
{
	constexpr usize AHEAD_MAX = 65536;
	usize size = transfer->size < AHEAD_MAX ? transfer->size : AHEAD_MAX;
	if (!socket->has_peeked) {
		i64 done = read_ahead(self, socket, way, size);
		if (done <= 0)
			return done;
	}
	return from_peeked(socket, transfer, false);
}

// What is there goes into one part after the other; only the first waits, or all for MSG_WAITALL.
static i64 receive_bytes(
	struct posix_thread *self, const struct stream_way *way, struct socket_transfer *transfer)
{
	struct stream_way now = *way;
	bool is_all = transfer->flags & MSG_WAITALL;
	i64 got = 0;
	transfer->flags = 0;
	for (u32 i = 0; i < transfer->count; i++) {
		const struct linux_iovec *part = &AT(transfer->part, i);
		span_t data;
		TRY_POSIX(user_span(part->address, part->size, &data));
		while (data.size) {
			u32 handles = 0;
			i64 done = stream_take_span(self, &now, data, &handles);
			if (done <= 0)
				return got || !done ? got : done;
			got += done;
			data = span_from_offset(data, (usize)done);
			socket_take_parcel(self, handles, &transfer->parcel);
			if (handles || (data.size && !is_all))
				return got;
			now.deadline = is_all ? way->deadline : 0;
		}
	}
	return got;
}

// The rest of a message whose head was read: its sender is at it.
static i64 take_body(
	struct posix_thread *self, struct socket *socket, const struct stream_way *way, u32 size)
{
	if (size > SOCKET_MESSAGE_MAX)
		return -EIO;
	u8 *memory = heap_take((usize)size + 1);
	if (!memory)
		return -ENOBUFS;
	const struct stream_way rest = { .handle = way->handle, .deadline = DEADLINE_NEVER };
	for (u32 done = 0; done < size;) {
		span_t room = span_from_offset(span_from(memory, size), done);
		i64 part = stream_take_span(self, &rest, room, nullptr);
		if (part == -ERESTARTSYS)
			continue;
		if (part <= 0) {
			heap_give(memory, (usize)size + 1);
			return part < 0 ? part : -EIO;
		}
		done += (u32)part;
	}
	socket_peeked_set(socket, memory, size);
	return size;
}

static i64 receive_message(struct posix_thread *self, struct socket *socket,
	const struct stream_way *way, struct socket_transfer *transfer)
{
	u32 size = 0, handles = 0;
	if (!socket->has_peeked && socket->has_names) {
		i64 done = datagram_take(self, socket, way);
		if (done <= 0)
			return done;
	} else if (!socket->has_peeked) {
		i64 done = stream_take_span(self, way, span_of(size), &handles);
		if (done <= 0)
			return done;
		socket_take_parcel(self, handles, &socket->peeked_parcel);
		TRY_POSIX(take_body(self, socket, way, size));
	}
	return from_peeked(socket, transfer, true);
}

// Under the lock, so without waiting; then waits without it.
static i64 receive_locked(struct posix_thread *self, const struct file *file, u64 deadline,
	struct socket_transfer *transfer)
{
	struct socket *socket = socket_of(file);
	const struct stream_way way = { .handle = socket_input(file) };
	u32 observed;
	for (;;) {
		posix_lock_take(&socket->lock);
		i64 answer = socket_has_messages(socket) ? receive_message(self, socket, &way, transfer)
		                                         : receive_ahead(self, socket, &way, transfer);
		posix_lock_give(&socket->lock);
		if (answer != -EAGAIN || !deadline)
			return answer;
		u32 bits = SIGNAL_READABLE | SIGNAL_HANGUP;
		err_t err = wait_object(self, way.handle, bits, deadline, &observed);
		if (err != OK)
			return err == ERR_TIMED_OUT ? -EAGAIN : posix_error(err);
	}
}

i64 socket_receive(
	struct posix_thread *self, const struct file *file, struct socket_transfer *transfer)
{
	struct socket *socket = socket_of(file);
	transfer->parcel = (struct parcel){};
	if (socket->state != SOCKET_CONNECTED && socket->state != SOCKET_HEARING && !socket->has_names)
		return socket->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
	if (socket->is_input_shut)
		return 0;
	u64 deadline = socket_deadline(file, transfer->flags, socket->receive_ns);
	bool is_plain =
		!socket_has_messages(socket) && !(transfer->flags & MSG_PEEK) && !socket->has_peeked;
	if (!is_plain)
		return receive_locked(self, file, deadline, transfer);
	const struct stream_way way = { socket_input(file), deadline, true };
	return receive_bytes(self, &way, transfer);
}
