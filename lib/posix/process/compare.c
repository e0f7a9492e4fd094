// SPDX-License-Identifier: MIT
// compare.c - kcmp. servers/proc looks into the processes; here are ids and errors.
#include "lib/posix/core/calls.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "lib/posix/thread/thread.h"

// Threads of this process are it.
static u32 process_of(struct posix_thread *self, i32 id)
{
	return id > 0 && thread_find(self, id) ? process_self()->pid : (u32)id;
}

i64 call_kcmp(struct posix_thread *self, const struct arguments *arguments)
{
	u32 order, first = process_of(self, ARG_INT(0)), second = process_of(self, ARG_INT(1));
	err_t err = proc_compare(process_proc(), first, second, ARG_U32(2), ARG(3), ARG(4), &order);
	switch (err) {
	case OK: return order;
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_NOT_OWNER: return -EPERM;
	case ERR_RANGE: return -EBADF;
	default: return posix_error(err);
	}
}
