// SPDX-License-Identifier: MIT
// wait.c - wait4 and waitid: one call to proc, which answers when there is something to tell.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

enum wait_option : u32 {
	WNOHANG = 1,
	WUNTRACED = 2, // waitid: WSTOPPED
	WEXITED = 4,
	WCONTINUED = 8,
	WNOWAIT = 0x0100'0000,
	WNOTHREAD = 0x2000'0000,
	WALL = 0x4000'0000,
	WCLONE = 0x8000'0000,
};

enum id_type : u32 { P_ALL = 0, P_PID = 1, P_PGID = 2, P_PIDFD = 3 };

struct whom {
	enum proc_wait_for kind;
	u32 id;
};

// What was told; pid 0: nothing.
struct told {
	u32 pid, status, code, user;
	u64 processor_ns, pages;
};

struct question {
	struct whom whom;
	u32 options, serial;
};

static err_t ask_proc(const struct question *question, u32 options, struct told *told)
{
	return proc_wait(process_proc(), question->whom.kind, question->whom.id,
		question->options | options, question->serial, &told->pid, &told->status, &told->code,
		&told->user, &told->processor_ns, &told->pages);
}

// A call that was interrupted on its way to the next proc: the last one may have taken the child.
static err_t ask_again(const struct question *question, struct told *told)
{
	err_t err;
	do
		err = ask_proc(question, WNOHANG, told);
	while (err == ERR_RESTARTED);
	return err == OK && told->pid ? OK : ERR_INTERRUPTED;
}

static i64 ask(struct posix_thread *self, struct whom whom, u32 options, struct told *told)
{
	struct question question = { whom, options, process_serial() };
	err_t err;
	do { // it may take long enough for proc to be started again twice
		wait_open(self);
		err = ask_proc(&question, 0, told);
		wait_close(self);
	} while (err == ERR_RESTARTED);
	if (err == ERR_INTERRUPTED)
		err = ask_again(&question, told);
	return err == ERR_NOT_FOUND ? -ECHILD : posix_error(err);
}

static i64 put_usage(u64 address, const struct told *told)
{
	struct linux_usage usage = process_usage(told->processor_ns, told->pages);
	return address ? user_put(address, usage) : 0;
}

static u32 own_group(void)
{
	return __atomic_load_n(&identity_slot(process_self())->group, __ATOMIC_RELAXED);
}

static struct whom whom_of(i32 pid)
{
	if (pid > 0)
		return (struct whom){ PROC_WAIT_FOR_PID, (u32)pid };
	if (pid == -1)
		return (struct whom){ PROC_WAIT_FOR_ANY, 0 };
	return (struct whom){ PROC_WAIT_FOR_GROUP, pid ? -(u32)pid : own_group() };
}

i64 call_wait4(struct posix_thread *self, const struct arguments *arguments)
{
	i32 pid = ARG_INT(0);
	u64 status_at = ARG(1), usage_at = ARG(3);
	u32 options = ARG_U32(2);
	struct told told = {};
	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	TRY_POSIX(ask(self, whom_of(pid), (options | WEXITED) & ~(u32)WNOTHREAD, &told));
	if (!told.pid)
		return 0;
	if (status_at)
		TRY_POSIX(user_put(status_at, told.status));
	TRY_POSIX(put_usage(usage_at, &told));
	return told.pid;
}

static i64 whom_by_type(struct posix_thread *self, u32 type, u32 id, struct whom *out, bool *waits)
{
	switch (type) {
	case P_ALL: *out = (struct whom){ PROC_WAIT_FOR_ANY, 0 }; return 0;
	case P_PID:
		*out = (struct whom){ PROC_WAIT_FOR_PID, id };
		return id && id <= INT32_MAX ? 0 : -EINVAL;
	case P_PGID:
		*out = (struct whom){ PROC_WAIT_FOR_GROUP, id ? id : own_group() };
		return id <= INT32_MAX ? 0 : -EINVAL;
	case P_PIDFD: {
		handle_t process;
		*out = (struct whom){ .kind = PROC_WAIT_FOR_PID };
		TRY_POSIX(process_pidfd_get(self, (i32)id, &out->id, waits, &process));
		if (process.raw)
			(void)handle_close(process);
		return 0;
	}
	}
	return -EINVAL;
}

static i64 put_info(u64 address, const struct told *told)
{
	struct linux_siginfo info = {};
	if (told->pid) {
		info = (struct linux_siginfo){
			.signal = SIGCHLD, .code = (i32)told->code, .pid = told->pid, .user = told->user
		};
		info.status =
			(i32)(told->code == CLD_KILLED ? told->status & 0x7f : told->status >> 8 & 0xff);
		if (told->code == CLD_CONTINUED)
			info.status = SIGCONT;
	}
	// No more than Linux writes: the fields up to the status.
	return address ? user_copy_out(address, &info, offsetof(struct linux_siginfo, user_time)) : 0;
}

i64 call_waitid(struct posix_thread *self, const struct arguments *arguments)
{
	struct whom whom;
	u64 info_at = ARG(2), usage_at = ARG(4);
	u32 options = ARG_U32(3);
	struct told told = {};
	bool waits = true;
	if (options &
			~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL | WCLONE) ||
		!(options & (WUNTRACED | WEXITED | WCONTINUED)))
		return -EINVAL;
	TRY_POSIX(whom_by_type(self, ARG_U32(0), ARG_U32(1), &whom, &waits));
	if (!waits)
		options |= WNOHANG;
	TRY_POSIX(ask(self, whom, options & ~(u32)WNOTHREAD, &told));
	if (!told.pid && !waits && !(ARG_U32(3) & WNOHANG))
		return -EAGAIN; // a pidfd of O_NONBLOCK
	TRY_POSIX(put_info(info_at, &told));
	return told.pid ? put_usage(usage_at, &told) : 0;
}
