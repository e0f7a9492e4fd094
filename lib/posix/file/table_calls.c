// SPDX-License-Identifier: MIT
// table_calls.c - calls about descriptors themselves: dup, fcntl, close_range.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/lock_calls.h"
#include "lib/posix/file/seals.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

constexpr u32 CHANGEABLE = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
enum close_range_flag : u32 { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };

// event/: the capacity of a pipe.
[[gnu::weak]] i64 pipe_capacity(const struct file *file, u64 size);

// F_SETOWN's argument and F_SETSIG's, in description.owner.
constexpr u32 OWNER_SIGNAL_SHIFT = 32;
enum owner_type : i32 { F_OWNER_TID = 0, F_OWNER_PID = 1, F_OWNER_PGRP = 2 };
struct linux_owner {
	i32 type, pid;
};

i64 call_dup(struct posix_thread *self, const struct arguments *arguments)
{
	return descriptor_copy(self, ARG_INT(0), 0, 0);
}

i64 call_dup2(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags;
	if (ARG_INT(0) != ARG_INT(1))
		return descriptor_copy_to(self, ARG_INT(0), ARG_INT(1), 0);
	i64 error = descriptor_flags(ARG_INT(0), &flags);
	return error ? error : ARG_INT(0);
}

i64 call_dup3(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(2);
	if (ARG_INT(0) == ARG_INT(1) || flags & ~(u32)O_CLOEXEC)
		return -EINVAL;
	return descriptor_copy_to(
		self, ARG_INT(0), ARG_INT(1), flags & O_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0);
}

static i64 set_owner(const struct file *file, i32 pid)
{
	u64 signal = file->description->owner >> OWNER_SIGNAL_SHIFT << OWNER_SIGNAL_SHIFT;
	file->description->owner = signal | (u32)pid;
	return 0;
}

static i64 owner_put(const struct file *file, u64 address)
{
	i32 pid = (i32)(u32)file->description->owner;
	struct linux_owner owner = { pid < 0 ? F_OWNER_PGRP : F_OWNER_PID, pid < 0 ? -pid : pid };
	return user_put(address, owner);
}

static i64 owner_take(const struct file *file, u64 address)
{
	struct linux_owner owner;
	TRY_POSIX(user_get(owner, address));
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP)
		return -EINVAL;
	return set_owner(file, owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid);
}

static i64 set_status_flags(const struct file *file, u32 flags)
{
	u32 *place = &file->description->flags;
	atomic_store_relaxed(place, (atomic_load_relaxed(place) & ~CHANGEABLE) | (flags & CHANGEABLE));
	return 0;
}

static i64 control_owner(const struct file *file, u32 command, u64 argument)
{
	u64 owner = file->description->owner;
	switch (command) {
	case F_SETOWN: return set_owner(file, (i32)argument);
	case F_GETOWN: return (i32)(u32)owner;
	case F_SETOWN_EX: return owner_take(file, argument);
	case F_GETOWN_EX: return owner_put(file, argument);
	case F_SETSIG: file->description->owner = argument << OWNER_SIGNAL_SHIFT | (u32)owner; return 0;
	case F_GETSIG: return (i64)(owner >> OWNER_SIGNAL_SHIFT);
	default: return -EINVAL;
	}
}

static i64 pipe_set_capacity(const struct file *file, u64 size)
{
	if (!pipe_capacity)
		return -EBADF;
	TRY_POSIX(pipe_capacity(file, 0));
	return size && size <= 1u << 31 ? pipe_capacity(file, size) : -EINVAL;
}

static i64 control(struct posix_thread *self, const struct file *file, u32 command, u64 argument)
{
	switch (command) {
	case F_DUPFD: return descriptor_copy(self, file->number, (i32)argument, 0);
	case F_DUPFD_CLOEXEC:
		return descriptor_copy(self, file->number, (i32)argument, DESCRIPTOR_CLOEXEC);
	case F_GETFD: return file->flags & DESCRIPTOR_CLOEXEC;
	case F_SETFD:
		return descriptor_set_flags(file->number, argument & FD_CLOEXEC ? DESCRIPTOR_CLOEXEC : 0);
	case F_GETFL: return file_flags(file);
	default: break;
	}
	if (file_flags(file) & O_PATH)
		return -EBADF;
	switch (command) {
	case F_SETFL: return set_status_flags(file, (u32)argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return lock_control(self, file, command, argument);
	case F_ADD_SEALS: return seals_add(file, (u32)argument);
	case F_GET_SEALS: return seals_get(file);
	case F_GETPIPE_SZ: return pipe_capacity ? pipe_capacity(file, 0) : -EBADF;
	case F_SETPIPE_SZ: return pipe_set_capacity(file, argument);
	case F_SETLEASE: return -EAGAIN;
	case F_GETLEASE: return F_UNLCK;
	default: return control_owner(file, command, argument);
	}
}

i64 call_fcntl(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	i64 answer = control(self, &file, ARG_U32(1), ARG(2));
	file_put(self, &file);
	return answer;
}

i64 call_close_range(struct posix_thread *self, const struct arguments *arguments)
{
	u32 flags = ARG_U32(2);
	if (ARG_U32(0) > ARG_U32(1) || flags & ~(u32)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	descriptors_close_range(self, ARG_U32(0), ARG_U32(1), flags & CLOSE_RANGE_CLOEXEC);
	return 0;
}
