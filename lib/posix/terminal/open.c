// SPDX-License-Identifier: MIT
// open.c - opening terminals, by way of proc, which lets the file's server decide; the first one
// that a session's leader opens becomes the session's. /dev/tty is the one that it has.
#include "lib/posix/file/open.h"
#include "lib/base/format.h"
#include "lib/base/time.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/terminal/terminal.h"
#include "os/syscalls.h"

constexpr u32 DEVICE_OWN = 5 << 8; // /dev/tty

static i64 open_error(err_t err)
{
	switch (err) {
	case OK: return 0;
	case ERR_NOT_FOUND: return -ENXIO;
	case ERR_BUSY: return -EBUSY;
	case ERR_NO_SPACE: return -ENOSPC;
	default: return posix_error(err);
	}
}

// Linux takes a terminal that nobody has, in passing; that it could not is no error of open.
static void claim(handle_t terminal)
{
	const struct identity *identity = &posix_self()->identity;
	const struct proc_slot *slot = identity_slot(identity);
	if (slot->session == identity->pid && !slot->terminal)
		(void)!proc_terminal_claim(terminal_proc(), 0, terminal);
}

static i64 open_own(struct opening *opening)
{
	AT(opening->detail, 1) = DEVICE_OWN;
	return open_error(proc_terminal_open(terminal_proc(), &opening->handle));
}

i64 terminal_open(struct posix_thread *self, const struct path *path,
	const struct tree_inode *inode, struct opening *opening)
{
	u32 opened;
	(void)self;
	opening->kind = FILE_TERMINAL;
	if (inode->device == DEVICE_OWN)
		return open_own(opening);
	err_t err = proc_terminal_reach(terminal_proc(), path->walk.at.inode, inode->generation,
		path->walk.entry, opening->flags & O_ACCMODE, process_serial(), &opened, &opening->handle);
	if (err != OK)
		return open_error(err);
	AT(opening->detail, 1) = opened;
	if (!(opening->flags & O_NOCTTY) && inode->device != TTY_DEVICE_MULTIPLEXER)
		claim(opening->handle);
	return 0;
}

// By its name in /dev/pts, if that is there and is it: a frame of its own, for a path is large.
NO_INLINE static void name_peer(struct posix_thread *self, u32 device, struct opening *opening)
{
	u8 text[32];
	struct path path UNINITIALIZED;
	struct tree_inode inode;
	view_t name = format_view(span_of(text), "/dev/pts/%u", device - TTY_DEVICE_PTY);
	if (path_walk(self, AT_FDCWD, name, 0, &path) < 0 || path.walk.is_remote ||
		path_inode(&path, &inode) < 0)
		return;
	if ((inode.mode & MODE_TYPE) != MODE_CHARACTER || inode.device != device)
		return;
	opening->tree = (u16)path.walk.at.mount;
	opening->inode = path.walk.at.inode;
	opening->generation = inode.generation;
}

i64 terminal_peer(struct posix_thread *self, const struct file *file, u32 flags)
{
	struct opening opening = { .kind = FILE_TERMINAL, .flags = flags };
	u32 device;
	err_t err = tty_peer(terminal_of(file), flags, &device, &opening.handle);
	if (err != OK)
		return err == ERR_UNSUPPORTED ? -ENOTTY : open_error(err);
	AT(opening.detail, 0) = 020620; // a character device
	AT(opening.detail, 1) = device;
	name_peer(self, device, &opening);
	if (!(flags & O_NOCTTY))
		claim(opening.handle);
	return descriptor_open(self, &opening);
}

constexpr u32 TIOCOUTQ = 0x5411;
constexpr u64 DRAIN_STEP = 10 * NS_PER_MS;
constexpr u32 DRAIN_STEPS = 200; // it may be stopped for good: so long only

// The first program's own: whatever it has as output.
void terminal_drain(void)
{
	struct posix_thread *self = thread_self();
	struct file file;
	u32 left = 1, observed;
	u64 result;
	if (file_get(self, 1, &file) != 0)
		return;
	bool is_terminal = file.description->kind == FILE_TERMINAL;
	for (u32 i = 0; is_terminal && left && i < DRAIN_STEPS; i++) {
		if (tty_control(
				terminal_of(&file), 0, 0, TIOCOUTQ, 0, 0, (view_t){}, span_of(left), &result) != OK)
			break;
		if (left)
			(void)object_wait(HANDLE_NONE, 0, posix_clock() + DRAIN_STEP, &observed);
	}
	file_put(self, &file);
}
