// SPDX-License-Identifier: MIT
// transfer.c - read, write and readiness of terminals. The program's memory is lent to tty as it
// is; pages of it that are not present are fetched, and the call is made again with its serial.
#include "abi/info.h"
#include "lib/base/bits.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/kinds.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/poll.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/terminal/terminal.h"
#include "os/syscalls.h"

i64 terminal_error(err_t err)
{
	switch (err) {
	case OK: return 0;
	case ERR_UNSUPPORTED: return -ENOTTY;
	case ERR_RIGHTS: return -EPERM;
	case ERR_RESTARTED:
	case ERR_CLOSED: return -EIO;
	default: return posix_error(err);
	}
}

i64 terminal_background(struct posix_thread *self, u32 signal)
{
	const struct posix *posix = posix_self();
	u64 deaf = __atomic_load_n(&posix->actions.ignored, __ATOMIC_RELAXED) | self->leave_mask;
	u32 is_orphaned, group = identity_slot(&posix->identity)->group;
	if (deaf & SIGNAL_BIT(signal))
		return signal == SIGTTIN ? -EIO : 0;
	if (proc_orphaned(terminal_proc(), &is_orphaned) != OK || is_orphaned)
		return -EIO;
	err_t err = proc_kill(
		terminal_proc(), PROC_KILL_TO_GROUP, group, signal, SI_KERNEL, 0, process_serial());
	return err == OK ? -ERESTARTSYS : -EIO;
}

// Makes the pages of a buffer present. -EFAULT.
static i64 touch(const struct transfer *transfer, bool is_write)
{
	u64 end = transfer->address + transfer->size;
	for (u64 at = transfer->address; at < end; at = (at & ~(u64)PAGE_MASK) + PAGE_SIZE) {
		u8 byte;
		TRY_POSIX(user_copy_in(&byte, at, 1));
		if (is_write)
			TRY_POSIX(user_copy_out(at, &byte, 1));
	}
	return 0;
}

struct attempt {
	u64 serial, who;
	u32 tries;
};

static err_t ask_tty(const struct file *file, const struct attempt *attempt,
	const struct transfer *transfer, u32 flags, u64 *done)
{
	UNSAFE_BEGIN("the program's memory, checked to be its; the kernel copies")
	span_t data =
		span_from((u8 *)transfer->address, transfer->size); // NOLINT(performance-no-int-to-ptr)
	UNSAFE_END
	if (transfer->is_positioned) // a read, see move
		return tty_read(terminal_of(file), attempt->serial, attempt->who, flags, data, done);
	return tty_write(
		terminal_of(file), attempt->serial, attempt->who, flags, span_view(data), done);
}

static err_t attempt_once(struct posix_thread *self, const struct file *file,
	const struct attempt *attempt, const struct transfer *transfer, u64 *done)
{
	u32 flags = terminal_wait_flags(file);
	wait_open(self);
	err_t err = ask_tty(file, attempt, transfer, flags, done);
	wait_close(self);
	// The call was on its way to the next tty, perhaps: the last one may have done it already. And
	// what has come of too few bytes for VMIN is answered rather than that a signal came.
	if ((err == ERR_INTERRUPTED || err == ERR_CANCELLED) &&
		ask_tty(file, attempt, transfer, flags | TTY_NONBLOCK, done) == OK)
		err = OK;
	return err;
}

// 0: to be made again.
static i64 after_error(
	struct posix_thread *self, err_t err, struct attempt *attempt, const struct transfer *transfer)
{
	bool is_read = transfer->is_positioned;
	if (attempt->tries++ > TERMINAL_TRIES)
		return -EIO;
	switch (err) {
	case ERR_RESTARTED: return 0;
	case ERR_FAULT:
	case ERR_PAGE_NEEDED: return touch(transfer, is_read);
	case ERR_BACKGROUND:
		attempt->who = 0;
		return terminal_background(self, is_read ? SIGTTIN : SIGTTOU);
	default: return terminal_error(err);
	}
}

static i64 move(
	struct posix_thread *self, const struct file *file, const struct transfer *asked, bool is_read)
{
	struct transfer transfer = *asked;
	struct attempt attempt = { terminal_serial(), terminal_who(), 0 };
	transfer.is_positioned = is_read; // terminals have no position: this says the direction
	TRY_POSIX(user_check(transfer.address, transfer.size));
	for (;;) {
		u64 done = 0;
		err_t err = attempt_once(self, file, &attempt, &transfer, &done);
		if (err == OK)
			return (i64)min_u64(done, transfer.size); // who made the connection is not known
		TRY_POSIX(after_error(self, err, &attempt, &transfer));
	}
}

static i64 read(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	return move(self, file, transfer, true);
}

static i64 write(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	return move(self, file, transfer, false);
}

static i64 seek(struct posix_thread *self, const struct file *file, i64 offset, u32 whence)
{
	(void)self;
	(void)file;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

static i64 stat(struct posix_thread *self, const struct file *file, struct linux_stat *out)
{
	(void)self;
	if (file->description->inode)
		return status_of_open(file, out);
	*out = (struct linux_stat){ .device = 1,
		.inode = AT(file->description->detail, 1),
		.links = 1,
		.mode = (u32)AT(file->description->detail, 0),
		.user = (u32)(AT(file->description->detail, 0) >> 32),
		.special = AT(file->description->detail, 1),
		.block_size = 1024 };
	return 0;
}

static u32 ready(struct posix_thread *self, const struct file *file)
{
	struct object_info info = {};
	u64 size;
	(void)self;
	if (handle_info(file->handle, INFO_TOPIC_OBJECT, span_of(info), &size) != OK)
		return POLLERR;
	return (info.signals & TTY_EVENT_READABLE ? POLL_IN : 0) |
	       (info.signals & TTY_EVENT_WRITABLE ? POLL_OUT : 0) |
	       (info.signals & TTY_EVENT_HANGUP ? POLLHUP : 0) |
	       (info.signals & TTY_EVENT_PACKET ? POLLPRI : 0);
}

static u32 watch(const struct file *file, u32 events, handle_t *out)
{
	*out = file->handle;
	return TTY_EVENT_HANGUP | (events & POLL_IN ? TTY_EVENT_READABLE : 0) |
	       (events & POLL_OUT ? TTY_EVENT_WRITABLE : 0) | (events & POLLPRI ? TTY_EVENT_PACKET : 0);
}

const struct operations terminal_operations = {
	.read = read,
	.write = write,
	.seek = seek,
	.stat = stat,
	.control = terminal_control,
	.ready = ready,
	.watch = watch,
};
