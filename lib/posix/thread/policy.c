// SPDX-License-Identifier: MIT
// policy.c - policies and priorities of scheduling, by Linux's rules: who may set what, and what is
// answered. They are kept in the thread. What runs by real time gets the largest share of the fair
// band: the kernel's real-time band is not for programs, which could keep a processor from all.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

enum policy : u32 {
	SCHED_OTHER = 0,
	SCHED_FIFO = 1,
	SCHED_RR = 2,
	SCHED_BATCH = 3,
	SCHED_IDLE = 5,
	SCHED_RESET_ON_FORK = 0x4000'0000,
};

constexpr u32 REAL_TIME_MAX = 99;
constexpr u64 SLICE_NS = 3'000'000, ROUND_NS = 100'000'000;
constexpr u64 CAPABILITY_SYS_NICE = 1u << 23;
constexpr u32 RLIMIT_RTPRIO = 14;
constexpr u32 WEIGHT_MOST = 1024, WEIGHT_USUAL = 100, WEIGHT_IDLE = 3;
constexpr u64 FLAG_RESET_ON_FORK = 1; // of struct sched_attr

struct setting {
	u32 policy, priority; // policy may have SCHED_RESET_ON_FORK
};

static u32 plain(u32 policy)
{
	return policy & ~(u32)SCHED_RESET_ON_FORK;
}

static bool is_known(u32 policy)
{
	return policy <= SCHED_BATCH || policy == SCHED_IDLE;
}

static bool is_real_time(u32 policy)
{
	return plain(policy) == SCHED_FIFO || plain(policy) == SCHED_RR;
}

struct posix_thread *_Nullable thread_find(struct posix_thread *self, i32 id)
{
	struct core_state *core = &posix_self()->core;
	struct posix_thread *found = nullptr;
	if (!id || id == self->id)
		return self;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		found = thread->id == id ? thread : found;
	}
	posix_lock_give(&core->threads_lock);
	return found;
}

i64 thread_elsewhere(i32 id)
{
	u32 parent, group, session, terminal;
	err_t err = proc_ids((proc_t){ posix_self()->identity.connection }, (u32)id, &parent, &group,
		&session, &terminal);
	return err == OK ? 0 : -ESRCH;
}

i64 thread_may_steer(i32 id)
{
	struct proc_credentials other = {};
	const struct proc_credentials *own = &posix_self()->identity.credentials;
	err_t err =
		proc_credentials((proc_t){ posix_self()->identity.connection }, (u32)id, span_of(other));
	if (err != OK)
		return -ESRCH;
	bool is_owner =
		own->effective_user == other.user || own->effective_user == other.effective_user;
	return is_owner || own->effective & CAPABILITY_SYS_NICE ? 0 : -EPERM;
}

// As the kernel of Linux: shares are theirs who may, lower priorities anybody's.
static i64 check_allowed(const struct posix_thread *thread, const struct setting *wanted)
{
	if (posix_self()->identity.credentials.effective & CAPABILITY_SYS_NICE)
		return 0;
	u64 limit = process_limit(RLIMIT_RTPRIO).soft;
	bool is_lower = plain(thread->policy) == plain(wanted->policy) &&
	                wanted->priority <= thread->policy_priority;
	if (is_real_time(wanted->policy) && !is_lower && wanted->priority > limit)
		return -EPERM;
	bool was_reset = thread->policy & SCHED_RESET_ON_FORK;
	return was_reset && !(wanted->policy & SCHED_RESET_ON_FORK) ? -EPERM : 0;
}

static void apply(const struct posix_thread *thread, struct posix_thread *self)
{
	u64 result;
	u32 weight = is_real_time(thread->policy)          ? WEIGHT_MOST
	             : plain(thread->policy) == SCHED_IDLE ? WEIGHT_IDLE
	                                                   : WEIGHT_USUAL;
	handle_t handle = thread == self ? HANDLE_NONE : thread->handle;
	(void)thread_control(handle, THREAD_OPERATION_SET_WEIGHT, weight, 0, &result);
}

static i64 set(struct posix_thread *self, i32 id, const struct setting *wanted)
{
	u32 policy = plain(wanted->policy);
	if (id < 0 || !is_known(policy) ||
		(is_real_time(policy) ? !wanted->priority || wanted->priority > REAL_TIME_MAX
							  : wanted->priority != 0))
		return -EINVAL;
	struct posix_thread *thread = thread_find(self, id);
	if (!thread)
		TRY_POSIX(thread_may_steer(id));
	TRY_POSIX(check_allowed(thread ? thread : self, wanted));
	if (!thread) // another process's can't be changed: all that can be said is what it is taken for
		return policy == SCHED_OTHER ? 0 : -EPERM;
	bool is_changed = plain(thread->policy) != policy;
	thread->policy = wanted->policy;
	thread->policy_priority = wanted->priority;
	if (is_changed)
		apply(thread, self);
	return 0;
}

static i64 get(struct posix_thread *self, i32 id, struct setting *out)
{
	*out = (struct setting){};
	if (id < 0)
		return -EINVAL;
	const struct posix_thread *thread = thread_find(self, id);
	if (!thread)
		return thread_elsewhere(id);
	*out = (struct setting){ thread->policy, thread->policy_priority };
	return 0;
}

void policy_inherit(const struct posix_thread *self, struct posix_thread *child)
{
	bool is_reset = self->policy & SCHED_RESET_ON_FORK;
	child->policy = is_reset ? SCHED_OTHER : self->policy;
	child->policy_priority = is_reset ? 0 : self->policy_priority;
}

i64 call_sched_setscheduler(struct posix_thread *self, const struct arguments *arguments)
{
	struct setting wanted = { .policy = ARG_U32(1) };
	if (!ARG(2) || ARG_INT(1) < 0)
		return -EINVAL;
	TRY_POSIX(user_get(wanted.priority, ARG(2)));
	return set(self, ARG_INT(0), &wanted);
}

i64 call_sched_getscheduler(struct posix_thread *self, const struct arguments *arguments)
{
	struct setting now;
	TRY_POSIX(get(self, ARG_INT(0), &now));
	return now.policy;
}

i64 call_sched_setparam(struct posix_thread *self, const struct arguments *arguments)
{
	struct setting wanted;
	u32 priority;
	if (!ARG(1))
		return -EINVAL;
	TRY_POSIX(user_get(priority, ARG(1)));
	TRY_POSIX(get(self, ARG_INT(0), &wanted));
	wanted.priority = priority;
	return set(self, ARG_INT(0), &wanted);
}

i64 call_sched_getparam(struct posix_thread *self, const struct arguments *arguments)
{
	struct setting now;
	if (!ARG(1))
		return -EINVAL;
	TRY_POSIX(get(self, ARG_INT(0), &now));
	return user_put(ARG(1), now.priority);
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
	struct setting now;
	TRY_POSIX(get(self, ARG_INT(0), &now));
	u32 policy = plain(now.policy);
	const u64 interval[2] = { 0, policy == SCHED_FIFO ? 0
								 : policy == SCHED_RR ? ROUND_NS
													  : SLICE_NS };
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
	struct setting now;
	if (!ARG(1) || ARG_INT(0) < 0 || ARG_U32(2) < sizeof attributes || ARG_U32(3) ||
		ARG_U32(2) > PAGE_SIZE)
		return -EINVAL;
	TRY_POSIX(get(self, ARG_INT(0), &now));
	attributes.policy = plain(now.policy);
	attributes.priority = now.priority;
	attributes.flags = now.policy & SCHED_RESET_ON_FORK ? FLAG_RESET_ON_FORK : 0;
	return user_put(ARG(1), attributes);
}

i64 call_sched_setattr(struct posix_thread *self, const struct arguments *arguments)
{
	struct attributes attributes;
	u32 size;
	if (!ARG(1) || ARG_INT(0) < 0 || ARG_U32(2))
		return -EINVAL;
	TRY_POSIX(user_get(size, ARG(1)));
	if (size && size < sizeof attributes) {
		(void)user_store_u32(ARG(1), sizeof attributes);
		return -E2BIG;
	}
	TRY_POSIX(user_get(attributes, ARG(1)));
	u32 reset = attributes.flags & FLAG_RESET_ON_FORK ? SCHED_RESET_ON_FORK : 0;
	const struct setting wanted = { attributes.policy | reset, attributes.priority };
	return attributes.policy & SCHED_RESET_ON_FORK ? -EINVAL : set(self, ARG_INT(0), &wanted);
}
