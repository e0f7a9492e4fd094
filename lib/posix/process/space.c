// SPDX-License-Identifier: MIT
// space.c - unshare: what a process may have for itself. Files, directory and semaphores' undo
// lists are shared by the threads of a process alone, its mounts and the host's name by nobody.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"

constexpr u64 CAPABILITY_SYS_ADMIN_BIT = 1u << 21;
constexpr u64 OF_THREADS =
	CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
constexpr u64 OWN_ANYWAY = CLONE_NEWNS | CLONE_NEWUTS;

i64 call_unshare(struct posix_thread *self, const struct arguments *arguments)
{
	u64 flags = ARG(0);
	const struct posix *posix = posix_self();
	(void)self;
	if (flags & ~(OF_THREADS | CLONE_NEW_ANY | CLONE_NEWTIME))
		return -EINVAL;
	if (flags & OF_THREADS && posix->core.thread_count > 1)
		return -EINVAL; // threads have one table of descriptors for all
	bool may = posix->identity.credentials.effective & CAPABILITY_SYS_ADMIN_BIT;
	return flags & ~OF_THREADS && (!may || flags & ~(OF_THREADS | OWN_ANYWAY)) ? -EPERM : 0;
}
