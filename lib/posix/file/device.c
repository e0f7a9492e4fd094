// SPDX-License-Identifier: MIT
// device.c - see device.h. Without servers/tty the console's device is the debug console, to write.
#include "lib/posix/file/device.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/kinds.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/time/getrandom.h"
#include "os/syscalls.h"

enum device : u32 {
	DEVICE_NULL = 0x103,
	DEVICE_ZERO = 0x105,
	DEVICE_FULL = 0x107,
	DEVICE_RANDOM = 0x108,
	DEVICE_URANDOM = 0x109,
	DEVICE_CONSOLE = 0x501,
	DEVICE_TTY1 = 0x401,
	DEVICE_TTYS0 = 0x440,
};

constexpr u32 TEXT_CHUNK = 512;
constexpr u32 RANDOM_CHUNK = 256;

bool device_is_ours(u32 device)
{
	return device == DEVICE_NULL || device == DEVICE_ZERO || device == DEVICE_FULL ||
	       device == DEVICE_RANDOM || device == DEVICE_URANDOM;
}

bool device_is_console(u32 device)
{
	return device == DEVICE_CONSOLE || device == DEVICE_TTY1 || device == DEVICE_TTYS0;
}

static u32 device_of(const struct file *file)
{
	return (u32)AT(file->description->detail, 1);
}

static i64 read_random(u64 address, u64 size)
{
	u8 bytes[RANDOM_CHUNK] UNINITIALIZED;
	for (u64 done = 0; done < size; done += sizeof bytes) {
		u64 part = size - done < sizeof bytes ? size - done : sizeof bytes;
		random_secret(span_of(bytes));
		TRY_POSIX(user_copy_out(address + done, bytes, part));
	}
	return (i64)size;
}

static i64 device_read(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	(void)self;
	switch (device_of(file)) {
	case DEVICE_ZERO:
	case DEVICE_FULL:
		TRY_POSIX(user_clear(transfer->address, transfer->size));
		return (i64)transfer->size;
	case DEVICE_RANDOM:
	case DEVICE_URANDOM: return read_random(transfer->address, transfer->size);
	default: return 0;
	}
}

static i64 write_console(u64 address, u64 size)
{
	u8 text[TEXT_CHUNK];
	handle_t console = posix_self()->core.console;
	for (u64 done = 0; done < size && console.raw; done += sizeof text) {
		u64 part = size - done < sizeof text ? size - done : sizeof text;
		TRY_POSIX(user_copy_in(text, address + done, part));
		(void)console_write(console, view_clamp(view_of(text), 0, part));
	}
	return (i64)size;
}

static i64 device_write(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	(void)self;
	u32 device = device_of(file);
	if (device == DEVICE_FULL)
		return -ENOSPC;
	if (device_is_console(device))
		return write_console(transfer->address, transfer->size);
	return (i64)transfer->size;
}

static i64 device_seek(struct posix_thread *self, const struct file *file, i64 offset, u32 whence)
{
	(void)self;
	(void)offset;
	(void)whence;
	return device_is_console(device_of(file)) ? -ESPIPE : 0;
}

static i64 device_stat(struct posix_thread *self, const struct file *file, struct linux_stat *out)
{
	(void)self;
	TRY_POSIX(status_of_open(file, out));
	return 0;
}

static i64 device_flush(struct posix_thread *self, const struct file *file)
{
	(void)self;
	(void)file;
	return -EINVAL;
}

const struct operations device_operations = {
	.read = device_read,
	.write = device_write,
	.seek = device_seek,
	.stat = device_stat,
	.flush = device_flush,
};
