// SPDX-License-Identifier: MIT
// pidfd.c - descriptors that stand for a process. handle: the process, to wait for its end;
// detail: its pid. They can be polled; there is nothing to read.
#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/poll.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

static u32 pidfd_ready(struct posix_thread *self, const struct file *file)
{
	(void)self;
	u32 observed;
	bool has_ended =
		!file->handle.raw || object_wait(file->handle, SIGNAL_EXITED, 0, &observed) == OK;
	return has_ended ? POLLIN | POLLRDNORM : 0;
}

static u32 pidfd_watch(const struct file *file, u32 poll_events, handle_t *out)
{
	*out = file->handle;
	if (!file->handle.raw)
		return 0;
	return poll_events & POLLIN ? (u32)SIGNAL_EXITED : 0;
}

const struct operations process_operations = { .ready = pidfd_ready, .watch = pidfd_watch };

static i64 make(struct posix_thread *self, u32 id, u32 flags)
{
	struct description *description;
	handle_t process = HANDLE_NONE;
	err_t err = proc_open(process_proc(), id, &process);
	if (err != OK && err != ERR_STATE) // nobody has a handle to a zombie
		return err == ERR_NOT_FOUND ? -ESRCH : posix_error(err);
	i64 answer = description_create(FILE_PROCESS, O_RDWR | flags, &description);
	if (answer < 0) {
		if (process.raw)
			(void)handle_close(process);
		return answer;
	}
	AT(description->detail, 0) = id;
	return descriptor_install(self, description, process, DESCRIPTOR_CLOEXEC, 0);
}

i64 call_pidfd_open(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG_U32(1) & ~(u32)O_NONBLOCK || ARG_INT(0) <= 0)
		return -EINVAL;
	return make(self, ARG_U32(0), ARG_U32(1));
}

i64 process_pidfd_put(struct posix_thread *self, u32 pid, u64 address)
{
	i64 number = make(self, pid, 0);
	if (number < 0)
		return number;
	u32 value = (u32)number;
	return user_put(address, value);
}

i64 process_pidfd_get(
	struct posix_thread *self, i32 number, u32 *pid, bool *waits, handle_t *process)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	bool is_pidfd = file.description->kind == FILE_PROCESS;
	*pid = (u32)AT(file.description->detail, 0);
	*waits = !(atomic_load_relaxed(&file.description->flags) & O_NONBLOCK);
	*process = HANDLE_NONE;
	err_t err = is_pidfd ? OK : ERR_BAD_HANDLE;
	if (is_pidfd && file.handle.raw)
		err = handle_duplicate(file.handle, UINT32_MAX, process);
	file_put(self, &file);
	return err == OK ? 0 : -EBADF;
}
