// SPDX-License-Identifier: MIT
// sched.c - which processors a thread may run on, and giving way. Policies: policy.c.
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u32 PROCESSORS_MAX = 64;

// A mask without a processor is refused: so they can be counted. The thread may wander once.
static u32 count_processors(const struct posix_thread *self)
{
	u64 result;
	u32 count = 0;
	while (count < PROCESSORS_MAX && thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY,
										 (u64)1 << count, 0, &result) == OK)
		count++;
	u64 mask = self->affinity ? self->affinity : UINT64_MAX;
	(void)thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, mask, 0, &result);
	return count ? count : 1;
}

static u64 all_processors(const struct posix_thread *self)
{
	u32 *count = &posix_self()->core.processors;
	if (!*count)
		*count = count_processors(self);
	return *count >= PROCESSORS_MAX ? UINT64_MAX : ((u64)1 << *count) - 1;
}

// A sleep that is over already: the kernel lets others that are ready run first.
i64 call_sched_yield(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	u32 observed;
	(void)object_wait(HANDLE_NONE, 0, 0, &observed);
	return 0;
}

i64 call_sched_getaffinity(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG(1) < sizeof(u64) || ARG(1) % sizeof(u64))
		return -EINVAL;
	const struct posix_thread *thread = ARG_INT(0) < 0 ? nullptr : thread_find(self, ARG_INT(0));
	if (!thread) // another process's are not known: those that it begins with
		TRY_POSIX(thread_elsewhere(ARG_INT(0)));
	u64 mask = thread && thread->affinity ? thread->affinity : all_processors(self);
	TRY_POSIX(user_put(ARG(2), mask));
	return sizeof mask;
}

i64 call_sched_setaffinity(struct posix_thread *self, const struct arguments *arguments)
{
	u64 mask = 0, result;
	TRY_POSIX(user_copy_in(&mask, ARG(2), min_u64(ARG(1), sizeof mask)));
	mask &= all_processors(self);
	struct posix_thread *thread = ARG_INT(0) < 0 ? nullptr : thread_find(self, ARG_INT(0));
	if (!thread)
		TRY_POSIX(thread_may_steer(ARG_INT(0)));
	if (!mask)
		return -EINVAL;
	if (!thread) // cannot be steered from here
		return mask == all_processors(self) ? 0 : -EPERM;
	handle_t handle = thread == self ? HANDLE_NONE : thread->handle;
	TRY_ERR(thread_control(handle, THREAD_OPERATION_SET_AFFINITY, mask, 0, &result));
	thread->affinity = mask;
	return 0;
}
