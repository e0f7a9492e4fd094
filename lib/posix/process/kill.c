// SPDX-License-Identifier: MIT
// kill.c - signals to others, by way of proc; to oneself they stay here.
#include "lib/base/text.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/path.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

// 0: only whether it is there.
static i64 send_self(struct posix_thread *self, u32 signal, const struct linux_siginfo *info)
{
	if (!signal)
		return 0;
	if (signal_send_self)
		return signal_send_self(self, signal, info);
	return posix_error(thread_notify(HANDLE_NONE, SIGNAL_BIT(signal)));
}

static i64 answer(err_t err)
{
	switch (err) {
	case OK: return 0;
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_NOT_OWNER: return -EPERM;
	case ERR_BUSY: return -EAGAIN;
	default: return posix_error(err);
	}
}

static i64 send(enum proc_kill_to whom, u32 id, u32 signal, const struct linux_siginfo *info)
{
	return answer(
		proc_kill(process_proc(), whom, id, signal, info->code, info->value, process_serial()));
}

// Any thread's id stands for its process.
static bool is_own(struct posix_thread *self, i32 id)
{
	return (u32)id == process_self()->pid || (id > 0 && thread_find(self, id));
}

i64 call_kill(struct posix_thread *self, const struct arguments *arguments)
{
	i32 id = ARG_INT(0);
	u32 signal = ARG_U32(1);
	struct identity *identity = process_self();
	struct linux_siginfo info = { .signal = (i32)signal,
		.code = SI_USER,
		.pid = identity->pid,
		.user = identity->credentials.user };
	if (signal > SIGNALS)
		return -EINVAL;
	if (is_own(self, id))
		return send_self(self, signal, &info);
	if (id > 0)
		return send(PROC_KILL_TO_PROCESS, (u32)id, signal, &info);
	if (id == -1)
		return send(PROC_KILL_TO_ALL, 0, signal, &info);
	return id == INT32_MIN ? -ESRCH : send(PROC_KILL_TO_GROUP, -(u32)id, signal, &info);
}

// What a program says itself of a signal: only codes that no kernel uses, unless it is to itself.
static i64 get_info(u64 address, u32 id, u32 signal, struct linux_siginfo *info)
{
	struct identity *identity = process_self();
	TRY_POSIX(user_get(*info, address));
	info->signal = (i32)signal;
	if ((info->code >= 0 || info->code == SI_TKILL) && id != identity->pid)
		return -EPERM;
	return 0;
}

// The same, and what it says of the signal must be so (pidfd_send_signal(2)).
static i64 get_info_of(u64 address, u32 id, u32 signal, struct linux_siginfo *info)
{
	i32 named;
	TRY_POSIX(user_get(named, address + offsetof(struct linux_siginfo, signal)));
	return named == (i32)signal ? get_info(address, id, signal, info) : -EINVAL;
}

i64 call_rt_sigqueueinfo(struct posix_thread *self, const struct arguments *arguments)
{
	u32 id = ARG_U32(0), signal = ARG_U32(1);
	struct linux_siginfo info;
	TRY_POSIX(get_info(ARG(2), id, signal, &info));
	if (signal > SIGNALS)
		return -EINVAL;
	if (is_own(self, (i32)id))
		return send_self(self, signal, &info);
	return (i32)id > 0 ? send(PROC_KILL_TO_PROCESS, id, signal, &info) : -ESRCH;
}

// /proc/N, from before there were pidfds.
static i64 process_of_folder(struct posix_thread *self, i32 number, u32 *out)
{
	u8 room[PLACE_ROOM];
	struct place place;
	u64 id;
	i64 error = place_of_descriptor(self, number, span_of(room), &place);
	bool is_process =
		!error && place.text && text_u64(view_from(place.text, place.text_size), &id) == OK;
	*out = is_process ? (u32)id : 0;
	return is_process ? 0 : -EBADF;
}

i64 call_pidfd_send_signal(struct posix_thread *self, const struct arguments *arguments)
{
	struct identity *identity = process_self();
	struct linux_siginfo info = { .signal = ARG_INT(1),
		.code = SI_USER,
		.pid = identity->pid,
		.user = identity->credentials.user };
	handle_t process = HANDLE_NONE;
	bool waits;
	u32 id;
	if (ARG(3) || ARG_U32(1) > SIGNALS)
		return -EINVAL;
	i64 error = process_pidfd_get(self, ARG_INT(0), &id, &waits, &process);
	if (error == -EBADF)
		error = process_of_folder(self, ARG_INT(0), &id);
	TRY_POSIX(error);
	i64 result = ARG(2) ? get_info_of(ARG(2), id, ARG_U32(1), &info) : 0;
	if (!result && id == identity->pid)
		result = send_self(self, ARG_U32(1), &info);
	else if (!result &&
			 !process.raw) // by number: it had ended before it was opened, or is a folder
		result = answer(proc_kill(process_proc(), PROC_KILL_TO_PROCESS, id, ARG_U32(1), info.code,
			info.value, process_serial()));
	else if (!result)
		result = answer(proc_kill_open(
			process_proc(), id, ARG_U32(1), info.code, info.value, process_serial(), process));
	if (process.raw)
		(void)handle_close(process);
	return result;
}

bool process_signal_info(u32 signal, struct linux_siginfo *info, u32 *more)
{
	u32 status;
	u64 value;
	*info = (struct linux_siginfo){ .signal = (i32)signal };
	if (proc_signal_info(process_proc(), signal, process_serial(), &info->code, &info->pid,
			&info->user, &status, &value, more) != OK)
		return false;
	if (signal != SIGCHLD || info->code <= 0) {
		info->value = value;
		return true;
	}
	info->status = (i32)status;
	info->user_time = value / (NS_PER_SECOND / TICKS_PER_SECOND);
	return true;
}

void process_stop_self(u32 signal, u32 continued)
{
	while (proc_stop(process_proc(), signal, continued) == ERR_BUSY)
		(void)object_wait(HANDLE_NONE, 0, posix_clock() + NS_PER_MS, &(u32){ 0 });
}
