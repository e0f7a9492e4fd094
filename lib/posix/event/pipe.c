// SPDX-License-Identifier: MIT
// pipe.c - pipes: one kernel stream, an open file for each end. Bytes, blocking, the end of the
// other side and PIPE_BUF are the kernel's. Not here: FIFOs by name (servers/ramfs hands out a
// connection).
#include "abi/signals.h"
#include "ifc/meet.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/event.h"
#include "lib/posix/event/readiness.h"
#include "lib/posix/event/stream.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/event.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

static bool is_write_end(const struct file *file)
{
	return (atomic_load_relaxed(&file->description->flags) & O_ACCMODE) == O_WRONLY;
}

static i64 pipe_read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	const struct stream_way way = { file->handle, stream_deadline(file), true };
	return stream_take_bytes(self, &way, transfer->address, transfer->size);
}

static i64 pipe_write(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	const struct stream_way way = { file->handle, stream_deadline(file), false };
	return stream_put_bytes(self, &way, transfer->address, transfer->size);
}

static i64 pipe_stat(struct posix_thread *, const struct file *file, struct linux_stat *out)
{
	stream_stat(file, S_IFIFO | 0600, out);
	return 0;
}

static i64 pipe_control(struct posix_thread *, const struct file *file, u32 request, u64 argument)
{
	if (request != FIONREAD)
		return -ENOTTY;
	i32 waiting = (i32)stream_waiting(file->handle);
	return user_put(argument, waiting);
}

static u32 pipe_ready(struct posix_thread *, const struct file *file)
{
	u32 signals = handle_signals(file->handle), holds = 0;
	if (is_write_end(file)) {
		holds |= signals & SIGNAL_WRITABLE ? POLL_OUT : 0;
		return holds | (signals & SIGNAL_HANGUP ? POLLERR : 0);
	}
	holds |= signals & SIGNAL_READABLE ? POLL_IN : 0;
	return holds | (signals & SIGNAL_HANGUP ? POLLHUP : 0);
}

static u32 pipe_watch(const struct file *file, u32 wanted, handle_t *out)
{
	*out = file->handle;
	if (is_write_end(file))
		return (wanted & POLL_OUT ? SIGNAL_WRITABLE : 0) | SIGNAL_HANGUP;
	return (wanted & POLL_IN ? SIGNAL_READABLE : 0) | SIGNAL_HANGUP;
}

// A FIFO's opener says that it goes, so that who reads next finds the end.
static void pipe_close(struct posix_thread *, const struct file *file, bool is_last)
{
	handle_t holder = { (u32)AT(file->description->detail, 0) };
	if (!holder.raw)
		return;
	if (is_last)
		(void)!meet_left((meet_t){ holder });
	(void)!handle_close(holder);
}

const struct operations pipe_operations = {
	.close = pipe_close,
	.read = pipe_read,
	.write = pipe_write,
	.stat = pipe_stat,
	.control = pipe_control,
	.ready = pipe_ready,
	.watch = pipe_watch,
};

i64 pipe_capacity(const struct file *file, u64 size)
{
	if (file->description->kind != FILE_PIPE)
		return -EBADF;
	return size <= PIPE_SIZE ? PIPE_SIZE : -EPERM;
}

// Takes the handle, also on failure.
static i64 install_end(struct posix_thread *self, handle_t handle, u32 flags, u32 inode)
{
	struct description *description;
	i64 answer = description_create(FILE_PIPE, flags & ~O_CLOEXEC, &description);
	if (answer < 0) {
		(void)!handle_close(handle);
		return answer;
	}
	description->inode = inode;
	return descriptor_install(
		self, description, handle, flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0, 0);
}

// The descriptors, as the program gets them.
struct pair {
	i32 reader, writer;
};

static i64 pipe_make(struct posix_thread *self, u32 flags, struct pair *out)
{
	handle_t first, second;
	TRY_ERR(stream_create(PIPE_SIZE, 0, &first, &second));
	u32 inode = event_inode();
	i64 reader = install_end(self, first, flags | O_RDONLY, inode);
	if (reader < 0) {
		(void)!handle_close(second);
		return reader;
	}
	i64 writer = install_end(self, second, flags | O_WRONLY, inode);
	if (writer < 0) {
		descriptor_close(self, (i32)reader);
		return writer;
	}
	*out = (struct pair){ (i32)reader, (i32)writer };
	return 0;
}

static i64 pipe_to(struct posix_thread *self, u64 address, u32 flags)
{
	if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	struct pair pair;
	TRY_POSIX(pipe_make(self, flags & ~(u32)O_DIRECT, &pair));
	i64 answer = user_put(address, pair);
	if (answer < 0) {
		descriptor_close(self, pair.reader);
		descriptor_close(self, pair.writer);
	}
	return answer;
}

i64 call_pipe(struct posix_thread *self, const struct arguments *arguments)
{
	return pipe_to(self, ARG(0), 0);
}

i64 call_pipe2(struct posix_thread *self, const struct arguments *arguments)
{
	return pipe_to(self, ARG(0), ARG_U32(1));
}

// The program's pages are copied, which it may not notice.
i64 call_vmsplice(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	bool is_pipe = file.description->kind == FILE_PIPE;
	bool is_output = is_pipe && is_write_end(&file);
	file_put(self, &file);
	if (!is_pipe)
		return -EBADF;
	return is_output ? call_writev(self, arguments) : call_readv(self, arguments);
}
