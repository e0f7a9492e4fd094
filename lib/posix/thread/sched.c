// SPDX-License-Identifier: MIT
// sched.c - scheduling as programs ask for it. Policies are answered as Linux would for a program
// without privileges, and not obeyed.
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

enum policy : u32 {
	SCHED_OTHER = 0,
	SCHED_FIFO = 1,
	SCHED_RR = 2,
	SCHED_BATCH = 3,
	SCHED_IDLE = 5
};

constexpr u32 PROCESSORS_MAX = 64;
constexpr u32 REAL_TIME_MAX = 99;
constexpr u64 SLICE_NS = 3'000'000;

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
	u64 mask = self->affinity ? self->affinity : all_processors(self);
	if (ARG(1) < sizeof mask || ARG(1) % sizeof mask)
		return -EINVAL;
	TRY_POSIX(user_put(ARG(2), mask));
	return sizeof mask;
}

i64 call_sched_setaffinity(struct posix_thread *self, const struct arguments *arguments)
{
	u64 mask = 0, result;
	TRY_POSIX(user_copy_in(&mask, ARG(2), min_u64(ARG(1), sizeof mask)));
	mask &= all_processors(self);
	if (!mask)
		return -EINVAL;
	if (ARG_INT(0) && ARG_INT(0) != self->id)
		return 0; // another thread's: taken as advice
	TRY_ERR(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, mask, 0, &result));
	self->affinity = mask;
	return 0;
}

static bool is_known(u32 policy)
{
	return policy <= SCHED_BATCH || policy == SCHED_IDLE;
}

static bool is_real_time(u32 policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

i64 call_sched_setscheduler(struct posix_thread *self, const struct arguments *arguments)
{
	u32 policy = ARG_U32(1) & ~0x4000'0000u, priority; // SCHED_RESET_ON_FORK
	(void)self;
	TRY_POSIX(user_get(priority, ARG(2)));
	if (!is_known(policy) ||
		(is_real_time(policy) ? !priority || priority > REAL_TIME_MAX : priority))
		return -EINVAL;
	return is_real_time(policy) ? -EPERM : 0;
}

i64 call_sched_getscheduler(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ARG_INT(0) < 0 ? -EINVAL : SCHED_OTHER;
}

i64 call_sched_setparam(struct posix_thread *self, const struct arguments *arguments)
{
	u32 priority;
	(void)self;
	TRY_POSIX(user_get(priority, ARG(1)));
	return priority ? -EINVAL : 0;
}

i64 call_sched_getparam(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ARG_INT(0) < 0 ? -EINVAL : user_store_u32(ARG(1), 0);
}

i64 call_sched_get_priority_max(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	if (!is_known(ARG_U32(0)))
		return -EINVAL;
	return is_real_time(ARG_U32(0)) ? REAL_TIME_MAX : 0;
}

i64 call_sched_get_priority_min(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	if (!is_known(ARG_U32(0)))
		return -EINVAL;
	return is_real_time(ARG_U32(0));
}

i64 call_sched_rr_get_interval(struct posix_thread *self, const struct arguments *arguments)
{
	const u64 interval[2] = { 0, SLICE_NS };
	(void)self;
	return user_put(ARG(1), interval);
}

// struct sched_attr of version 0.
struct attributes {
	u32 size, policy;
	u64 flags;
	i32 nice;
	u32 priority;
	u64 runtime, deadline, period;
};

i64 call_sched_getattr(struct posix_thread *self, const struct arguments *arguments)
{
	struct attributes attributes = { .size = sizeof attributes };
	(void)self;
	if (ARG_U32(2) < sizeof attributes || ARG_U32(3))
		return -EINVAL;
	return user_put(ARG(1), attributes);
}

i64 call_sched_setattr(struct posix_thread *self, const struct arguments *arguments)
{
	struct attributes attributes;
	(void)self;
	TRY_POSIX(user_get(attributes, ARG(1)));
	if (!is_known(attributes.policy))
		return -EINVAL;
	return is_real_time(attributes.policy) ? -EPERM : 0;
}
