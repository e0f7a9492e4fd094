// SPDX-License-Identifier: MIT
// stream.c - reading and writing kernel streams with Linux's rules: a write goes on until all is
// written, the end of the readers is SIGPIPE, a signal after a part answers the part.
#include "lib/posix/event/stream.h"

#include "abi/info.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/signal/send.h"
#include "os/syscalls.h"

u64 stream_deadline(const struct file *file)
{
	return atomic_load_relaxed(&file->description->flags) & O_NONBLOCK ? 0 : DEADLINE_NEVER;
}

i64 stream_broken(struct posix_thread *self, bool is_silent)
{
	if (!is_silent)
		signal_raise(self, SIGPIPE);
	return -EPIPE;
}

// The deadline of a socket's SO_RCVTIMEO is EAGAIN, too.
static i64 answer_error(struct posix_thread *self, err_t err, bool is_silent)
{
	if (err == ERR_CLOSED)
		return stream_broken(self, is_silent);
	if (err == ERR_WOULD_BLOCK || err == ERR_TIMED_OUT)
		return -EAGAIN;
	return posix_error(err);
}

i64 stream_take_span(
	struct posix_thread *self, const struct stream_way *way, span_t data, u32 *_Nullable handles)
{
	struct stream_done done;
	err_t err = wait_stream_read(self, way->handle, data, way->deadline, &done);
	if (err != OK)
		return answer_error(self, err, true);
	if (handles)
		*handles = done.handles;
	return (i64)done.bytes;
}

i64 stream_put_view(
	struct posix_thread *self, const struct stream_way *way, view_t data, u32 handles)
{
	u64 done = 0;
	self->block.handle_count = handles;
	err_t err = wait_stream_write(self, way->handle, data, way->deadline, &done);
	return err == OK ? (i64)done : answer_error(self, err, way->is_silent);
}

i64 stream_take_bytes(
	struct posix_thread *self, const struct stream_way *way, u64 address, u64 size)
{
	span_t data;
	TRY_POSIX(user_span(address, size, &data));
	return size ? stream_take_span(self, way, data, nullptr) : 0;
}

i64 stream_put_bytes(struct posix_thread *self, const struct stream_way *way, u64 address, u64 size)
{
	view_t data;
	TRY_POSIX(user_view(address, size, &data));
	u64 written = 0;
	while (written < size) {
		i64 done = stream_put_view(self, way, view_from_offset(data, written), 0);
		if (done < 0)
			return written && done != -EPIPE ? (i64)written : done;
		written += (u64)done;
	}
	return (i64)written;
}

u64 stream_waiting(handle_t handle)
{
	struct stream_info info = {};
	u64 size;
	err_t err = handle_info(handle, INFO_TOPIC_STREAM, span_of(info), &size);
	return err == OK ? info.readable : 0;
}

u32 event_inode(void)
{
	return atomic_add_relaxed(&posix_self()->events.inodes, 1u) + posix_self()->identity.pid * 4096;
}

void stream_stat(const struct file *file, u32 mode, struct linux_stat *out)
{
	*out = (struct linux_stat){
		.device = 12, // some anonymous device, as Linux has for each kind
		.inode = file->description->inode,
		.mode = mode,
		.links = 1,
		.block_size = 4096,
	};
}
