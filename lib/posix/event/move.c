// SPDX-License-Identifier: MIT
// move.c - bytes from one open file into another through a buffer of the library's: splice, and
// what sendfile sends to something else than a file. What was taken out of a pipe is written
// whatever it costs: nobody could put it back.
#include "lib/posix/file/move.h"
#include "abi/info.h"
#include "lib/base/bits.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/event.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/poll.h"
#include "os/syscalls.h"

constexpr u64 CHUNK = 16 * 1024;

static bool is_pipe(const struct file *file)
{
	return file->description->kind == FILE_PIPE;
}

// Until something of `events` holds for a file. -EAGAIN: it does not, and nobody wants to wait.
static i64 wait_ready(struct posix_thread *self, const struct file *file, u32 events, bool waits)
{
	const struct operations *operations = operations_of(file);
	u32 observed;
	handle_t handle;
	while (operations->ready && !(operations->ready(self, file) & (events | POLLERR | POLLHUP))) {
		u32 bits = operations->watch ? operations->watch(file, events, &handle) : 0;
		if (!waits)
			return -EAGAIN;
		if (!bits)
			return 0;
		TRY_ERR(wait_object(self, handle, bits, DEADLINE_NEVER, &observed));
	}
	return 0;
}

// Bytes that a pipe takes without waiting.
static u64 free_of(const struct file *file)
{
	struct stream_info info = {};
	u64 size;
	err_t err = handle_info(file->handle, INFO_TOPIC_STREAM, span_of(info), &size);
	return err == OK ? info.writable : 0;
}

// Anything else takes all.
static u64 room_of(const struct file *file)
{
	return is_pipe(file) ? max_u64(free_of(file), 1) : CHUNK;
}

// All of it, also if the target would not wait.
static i64 write_all(
	struct posix_thread *self, const struct file *to, u64 address, u64 size, u64 *offset)
{
	for (u64 done = 0; done < size;) {
		struct transfer transfer = { address + done, size - done, offset ? *offset : 0, offset };
		i64 part = operations_of(to)->write(self, to, &transfer);
		if (part == -EAGAIN || part == -ERESTARTSYS)
			part = wait_ready(self, to, POLLOUT, true) == 0 ? 0 : part;
		if (part < 0 && part != -ERESTARTSYS)
			return done ? (i64)done : part;
		done += part > 0 ? (u64)part : 0;
		if (offset && part > 0)
			*offset += (u64)part;
	}
	return (i64)size;
}

struct way {
	const struct file *from, *to;
	u64 *_Nullable from_offset, *_Nullable to_offset; // null: the descriptions'
	bool waits;
};

// One buffer full. The buffer stands for the program's memory as long as this lasts.
static i64 move_some(struct posix_thread *self, const struct way *way, u64 size)
{
	u8 bytes[CHUNK]; // zeroed, and so present: it may be lent
	TRY_POSIX(wait_ready(self, way->to, POLLOUT, way->waits));
	if (is_pipe(way->from))
		TRY_POSIX(wait_ready(self, way->from, POLLIN, way->waits));
	u64 room = room_of(way->to), wanted = size < room ? size : room;
	u64 address = (u64)(uintptr_t)&AT(bytes, 0);
	struct transfer transfer = { address, wanted < CHUNK ? wanted : CHUNK,
		way->from_offset ? *way->from_offset : 0, way->from_offset };
	self->own_buffer = address;
	self->own_buffer_size = CHUNK;
	i64 got = operations_of(way->from)->read(self, way->from, &transfer);
	if (got > 0 && way->from_offset)
		*way->from_offset += (u64)got;
	if (got > 0)
		got = write_all(self, way->to, address, (u64)got, way->to_offset);
	self->own_buffer_size = 0;
	return got;
}

i64 event_move(struct posix_thread *self, const struct moving *moving)
{
	struct way way = { &moving->from, &moving->to, moving->from_offset, moving->to_offset,
		moving->waits };
	u64 total = 0, size = moving->size;
	if (!operations_of(way.from)->read || !operations_of(way.to)->write)
		return -EINVAL;
	while (total < size) {
		bool may_wait = moving->is_whole || !total;
		way.waits = moving->waits && may_wait;
		i64 done = move_some(self, &way, size - total);
		if (done <= 0)
			return total ? (i64)total : done;
		if (!total && is_pipe(way.to)) // who reads meanwhile makes room for the next call
			size = min_u64(size, (u64)done + free_of(way.to));
		total += (u64)done;
		if (is_pipe(way.from) && !stream_waiting(way.from->handle))
			break; // what there was
	}
	return (i64)total;
}
