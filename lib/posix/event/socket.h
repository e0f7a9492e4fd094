// SPDX-License-Identifier: MIT
// socket.h - sockets of one machine. Two connected ones are two one-way streams; a descriptor's
// handle is the one to read, the other's is kept here. What a socket is beyond its streams is the
// process's own copy: fork copies it, as it copies the handles.
#pragma once

#include "abi/message.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/event/event.h"
#include "lib/posix/event/readiness.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/socket.h"

NONNULL_BEGIN

// hearing: has bytes to read, and nobody to send to (netlink).
enum socket_state : u32 { SOCKET_NEW, SOCKET_LISTENING, SOCKET_CONNECTED, SOCKET_HEARING };

struct socket_name {
	u32 size; // of bytes; 0: none
	u8 bytes[UNIX_PATH_MAX];
};

// Descriptors on their way: a description of them in memory, and their handles.
struct parcel {
	u32 count;     // 0: none
	bool has_card; // to be sent: the last is a card, owned
	handle_t handle[MESSAGE_HANDLES];
};

struct socket {
	u32 type;        // enum socket_type
	u32 state;       // enum socket_state
	handle_t input;  // owned; once connected by name: stands for the descriptor's handle
	handle_t accept; // owned; of a listener: where clients come
	handle_t output; // owned; stream to write; HANDLE_NONE: shut down, or not connected
	handle_t holder; // owned; of a FIFO opened both ways (fifo.c); has_names: what is written to us
	bool has_names;  // datagrams come from anybody, each with its sender's name
	bool is_input_shut;
	bool passes_credentials; // SO_PASSCRED
	u64 receive_ns, send_ns; // SO_RCVTIMEO, SO_SNDTIMEO; 0: none
	struct linux_ucred peer; // on the word of servers/proc, or PEER_UNKNOWN
	u64 key;                 // of its name; 0: none
	struct socket_name name, peer_name;
	struct socket_name sender; // of the datagram that was read ahead
	struct posix_lock lock;    // what was read ahead
	bool has_peeked;
	span_t
		peeked; // owned; bytes of a stream, or one message, read ahead. One byte more on the heap
	u32 peeked_at;
	struct parcel peeked_parcel; // came with the bytes that were read ahead
};

// A copy on the heap, for detail[0].
struct socket *_Nullable socket_copy(const struct socket *like);
struct socket *socket_of(const struct file *file);
// The file of a number, which must be a socket: -EBADF, -ENOTSOCK. Ends with file_put.
i64 socket_get(struct posix_thread *self, i32 number, struct file *file, struct socket **out);

// A new one; takes input and output, also on failure. flags: O_NONBLOCK, O_CLOEXEC.
i64 socket_install(struct posix_thread *self, const struct socket *like, handle_t input, u32 flags);
i64 socket_check_type(
	i32 family, u32 type, i32 protocol); // -EAFNOSUPPORT, -EINVAL, -EPROTONOSUPPORT
struct linux_ucred socket_credentials(void);
constexpr struct linux_ucred PEER_UNKNOWN = { 0, UINT32_MAX, UINT32_MAX };
// What to read from: what a listener waits for, or the other side's bytes.
handle_t socket_input(const struct file *file);
static inline bool socket_has_messages(const struct socket *socket)
{
	return socket->type != SOCK_STREAM;
}

// socket_data.c: bytes, or whole messages; flags of send and recv.
constexpr u32 SOCKET_PARTS = 16; // more of them are refused: EMSGSIZE
struct socket_transfer {
	struct linux_iovec part[SOCKET_PARTS]; // the program's memory
	u32 count;
	u32 flags;                 // enum message_flag; received: MSG_TRUNC, MSG_CTRUNC
	u64 size;                  // of all parts
	struct socket_name sender; // received, if the socket has_names
	struct parcel parcel;      // what travels with it; owned once received
};
static inline void socket_one_part(struct socket_transfer *transfer, u64 address, u64 size)
{
	AT(transfer->part, 0) = (struct linux_iovec){ address, size };
	transfer->count = 1;
	transfer->size = size;
}
i64 socket_send(
	struct posix_thread *self, const struct file *file, struct socket_transfer *transfer);
i64 socket_receive(
	struct posix_thread *self, const struct file *file, struct socket_transfer *transfer);

u64 socket_deadline(const struct file *file, u32 flags, u64 limit_ns);
i64 socket_gather(span_t to, const struct socket_transfer *transfer);
// Handles for the next write, and those of the last read.
void socket_attach(struct posix_thread *self, const struct parcel *parcel);
void socket_take_parcel(struct posix_thread *self, u32 handles, struct parcel *out);
// Bytes or a message, of so many bytes, that were read ahead.
void socket_peeked_set(struct socket *socket, u8 *memory, usize size);
constexpr u64 SOCKET_MESSAGE_MAX = 128 * 1024;

// socket_datagram.c: datagrams by name.
// A new one of these, not bound; takes nothing.
i64 datagram_make(struct posix_thread *self, u32 type);
i64 datagram_send(struct posix_thread *self, const struct socket *socket,
	const struct stream_way *way, const struct socket_transfer *transfer);
// Reads the next one ahead. 0: the end; -EAGAIN, ...
i64 datagram_take(struct posix_thread *self, struct socket *socket, const struct stream_way *way);

// socket_parcel.c: control messages: descriptors (SCM_RIGHTS) and who sends (SCM_CREDENTIALS).
// pack: only the memory and a card are owned; the other handles stay the files', which the caller
// keeps open for as long.
i64 parcel_pack(struct posix_thread *self, const struct socket *socket,
	const struct linux_msghdr *message, struct parcel *out);
void parcel_sent(const struct parcel *parcel);
// Takes the parcel. Answers bytes of control written, or -errno; flags: MSG_CTRUNC is added.
i64 parcel_unpack(struct posix_thread *self, const struct socket *socket,
	const struct parcel *parcel, const struct linux_msghdr *message, u32 *flags);
void parcel_drop(const struct parcel *parcel); // received and not wanted

// socket_card.c: who others are, on the word of servers/proc by way of servers/meet. Handles stay
// the caller's.
// Who connected, to what has this key: by its grant and the line that came with it.
struct linux_ucred socket_connected(handle_t grant, handle_t line, u64 key);
// A card that says to the socket's peer who sends; HANDLE_NONE: nobody could read it. -EPERM,
// -ESRCH: it would not be true.
i64 card_make(const struct socket *socket, const struct linux_ucred *who, handle_t *out);
struct linux_ucred card_read(handle_t card);

NONNULL_END
