// SPDX-License-Identifier: MIT
// ids.c - who we are: pid, parent, group, session. Of oneself without a call: the slot says it.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

u32 process_serial(void)
{
	return __atomic_add_fetch(&process_self()->serial, 1, __ATOMIC_RELAXED);
}

static u32 load(const u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED); // written by proc, one word at a time
}

i64 call_getpid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return process_self()->pid;
}

i64 call_getppid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return load(&identity_slot(process_self())->parent);
}

i64 call_getpgrp(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return load(&identity_slot(process_self())->group);
}

static i64 ask(u32 id, u32 *group, u32 *session)
{
	u32 parent, terminal;
	err_t err = proc_ids(process_proc(), id, &parent, group, session, &terminal);
	return err == ERR_NOT_FOUND ? -ESRCH : posix_error(err);
}

static bool is_self(i32 id)
{
	return !id || (u32)id == process_self()->pid;
}

i64 call_getpgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 group, session;
	if (is_self(ARG_INT(0)))
		return load(&identity_slot(process_self())->group);
	if (ARG_INT(0) < 0)
		return -ESRCH;
	TRY_POSIX(ask(ARG_U32(0), &group, &session));
	return group;
}

i64 call_getsid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 group, session;
	if (is_self(ARG_INT(0)))
		return load(&identity_slot(process_self())->session);
	if (ARG_INT(0) < 0)
		return -ESRCH;
	TRY_POSIX(ask(ARG_U32(0), &group, &session));
	return session;
}

i64 call_setpgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	i32 id = ARG_INT(0), group = ARG_INT(1);
	if (group < 0)
		return -EINVAL;
	if (id < 0)
		return -ESRCH;
	switch (proc_set_group(process_proc(), (u32)id, (u32)group)) {
	case OK: return 0;
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_STATE: return -EACCES;
	case ERR_INVALID: return -EINVAL;
	default: return -EPERM;
	}
}

i64 call_setsid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	u32 session;
	err_t err = proc_set_session(process_proc(), process_serial(), &session);
	return err == ERR_NOT_OWNER ? -EPERM : err == OK ? session : posix_error(err);
}
