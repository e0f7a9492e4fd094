// SPDX-License-Identifier: MIT
// fifo.c - FIFOs by name: servers/meet hands out an end of a stream as for a pipe, and a connection
// whose end tells it that this opener is gone (detail[0]).
#include "lib/posix/core/wait.h"
#include "lib/posix/event/event.h"
#include "lib/posix/event/meeting.h"
#include "lib/posix/event/socket.h"
#include "lib/posix/file/open.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

static enum meet_mode mode_of(u32 flags)
{
	u32 access = flags & O_ACCMODE;
	u32 mode = access == O_RDWR     ? MEET_MODE_READ | MEET_MODE_WRITE
	           : access == O_WRONLY ? MEET_MODE_WRITE
	                                : MEET_MODE_READ;
	return (enum meet_mode)(mode | (flags & O_NONBLOCK ? MEET_MODE_AT_ONCE : 0));
}

// Both ends in one descriptor are what a connected socket is.
static i64 open_both(struct opening *opening, handle_t holder, handle_t input, handle_t output)
{
	const struct socket like = {
		.type = SOCK_STREAM, .state = SOCKET_CONNECTED, .output = output, .holder = holder
	};
	struct socket *socket = socket_copy(&like);
	if (!socket)
		return -ENOMEM;
	opening->kind = FILE_SOCKET;
	opening->handle = input;
	AT(opening->detail, 0) = (u64)(uintptr_t)socket;
	return 0;
}

i64 fifo_open(struct posix_thread *self, const struct path *path, struct opening *opening)
{
	const struct meeting meeting = { .inode = path->walk.at.inode,
		.generation = opening->generation,
		.entry = path->walk.entry,
		.flags = opening->flags & O_ACCMODE };
	handle_t holder, input, output;
	u32 tries = 0;
	err_t err;
	do {
		meet_t meet;
		TRY_POSIX(meeting_reach(&meeting, &meet));
		wait_open(self);
		err = meet_fifo(meet, mode_of(opening->flags), &holder, &input, &output);
		wait_close(self);
		meeting_leave(meet);
	} while (meeting_again(err, &tries));
	if (err != OK)
		return err == ERR_CLOSED ? -ENXIO : posix_error(err);
	if (input.raw && output.raw)
		return open_both(opening, holder, input, output);
	opening->kind = FILE_PIPE;
	opening->handle = input.raw ? input : output;
	AT(opening->detail, 0) = holder.raw;
	return 0;
}
