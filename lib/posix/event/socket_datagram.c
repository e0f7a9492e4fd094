// SPDX-License-Identifier: MIT
// socket_datagram.c - datagrams by name. Each socket reads a stream of its own, that whoever sends
// to it writes into; servers/meet has its other end under the socket's name. A datagram is one
// write, whole: a head, the sender's name, the bytes. It brings memory along, where large ones
// are, and since a read stops where handles come nobody's bytes are taken for those of others.
#include "abi/info.h"
#include "abi/rights.h"
#include "lib/base/bits.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "os/syscalls.h"

struct head {
	u32 name_size, size; // bytes
	u32 is_large;        // 1: they are in the memory
};

i64 datagram_make(struct posix_thread *self, u32 type)
{
	struct socket like = { .type = SOCK_DGRAM, .has_names = true, .peer = PEER_UNKNOWN };
	handle_t input;
	TRY_ERR(stream_create(PIPE_SIZE, 0, &input, &like.holder));
	i64 number = socket_install(self, &like, input, type);
	if (number < 0)
		(void)!handle_close(like.holder);
	return number;
}

static i64 put_large(handle_t memory, const struct socket_transfer *transfer)
{
	u64 done = 0;
	u8 *bytes = heap_take(transfer->size);
	if (!bytes)
		return -ENOBUFS;
	span_t all = span_from(bytes, transfer->size);
	i64 answer = socket_gather(all, transfer);
	if (answer >= 0)
		answer = posix_error(memory_write(memory, 0, span_view(all), &done));
	heap_give(bytes, transfer->size);
	return answer >= 0 && done != transfer->size ? -ENOBUFS : answer;
}

// The datagram in the frame and the memory. Bytes of the frame, or -errno.
static i64 put_frame(const struct socket *socket, const struct socket_transfer *transfer,
	handle_t memory, span_t frame)
{
	struct head head = { .name_size = socket->name.size, .size = (u32)transfer->size };
	usize start = sizeof(head) + head.name_size;
	head.is_large = start + transfer->size > frame.size;
	(void)span_copy(frame, view_of(head));
	(void)span_copy(span_from_offset(frame, sizeof(head)),
		view_clamp(view_of(socket->name.bytes), 0, head.name_size));
	if (head.is_large)
		TRY_POSIX(put_large(memory, transfer));
	else
		TRY_POSIX(socket_gather(span_clamp(frame, start, transfer->size), transfer));
	return (i64)(start + (head.is_large ? 0 : transfer->size));
}

i64 datagram_send(struct posix_thread *self, const struct socket *socket,
	const struct stream_way *way, const struct socket_transfer *transfer)
{
	u8 frame[PIPE_BUF];
	struct parcel parcel = transfer->parcel;
	handle_t memory;
	if (transfer->size > SOCKET_MESSAGE_MAX || parcel.count == MESSAGE_HANDLES)
		return -EMSGSIZE;
	u64 room = align_up(transfer->size + 1, PAGE_SIZE);
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, room, HANDLE_NONE, 0, 0, &memory));
	i64 answer = put_frame(socket, transfer, memory, span_of(frame));
	if (answer >= 0) {
		AT(parcel.handle, parcel.count++) = memory;
		socket_attach(self, &parcel);
		view_t bytes = view_clamp(view_of(frame), 0, (usize)answer);
		answer = stream_put_view(self, way, bytes, parcel.count);
	}
	(void)!handle_close(memory);
	if (answer < 0)
		return answer == -EPIPE ? -ECONNREFUSED : answer;
	return (i64)transfer->size;
}

static bool get_bytes(const struct head *head, view_t frame, handle_t memory, span_t to)
{
	struct memory_info info = {};
	view_t bytes;
	u64 done = 0, size;
	if (head->is_large) // pages that somebody serves may never come
		return handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &size) == OK &&
		       info.kind == MEMORY_KIND_ANONYMOUS && memory_read(memory, 0, to, &done) == OK &&
		       done == to.size;
	return view_sub(frame, sizeof(*head) + head->name_size, head->size, &bytes) == OK &&
	       span_copy(to, bytes) == OK;
}

// What anybody may have sent. False: it is no datagram.
static bool keep(struct socket *socket, view_t frame, struct parcel *parcel)
{
	struct head head;
	view_t name;
	bool is_one = parcel->count && view_load(frame, 0, span_of(head)) == OK &&
	              head.name_size <= UNIX_PATH_MAX && head.size <= SOCKET_MESSAGE_MAX &&
	              view_sub(frame, sizeof(head), head.name_size, &name) == OK;
	u8 *bytes = is_one ? heap_take((usize)head.size + 1) : nullptr;
	if (!bytes)
		return false;
	handle_t memory = AT(parcel->handle, parcel->count - 1);
	if (!get_bytes(&head, frame, memory, span_from(bytes, head.size))) {
		heap_give(bytes, (usize)head.size + 1);
		return false;
	}
	(void)!handle_close(memory);
	parcel->count--;
	socket->peeked_parcel = *parcel;
	socket->sender = (struct socket_name){ .size = head.name_size };
	(void)span_copy(span_of(socket->sender.bytes), name);
	socket_peeked_set(socket, bytes, head.size);
	return true;
}

i64 datagram_take(struct posix_thread *self, struct socket *socket, const struct stream_way *way)
{
	u8 frame[PIPE_BUF];
	for (;;) {
		u32 handles = 0;
		struct parcel parcel = {};
		i64 done = stream_take_span(self, way, span_of(frame), &handles);
		if (done <= 0)
			return done;
		socket_take_parcel(self, handles, &parcel);
		if (keep(socket, view_clamp(view_of(frame), 0, (usize)done), &parcel))
			return done;
		parcel_drop(&parcel);
	}
}
