// SPDX-License-Identifier: MIT
// limits.c - resource limits, priorities, time used. Limits are kept by proc; the copy here is
// fetched again when the slot says that somebody changed one.
#include "abi/info.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

constexpr u32 RESOURCE_NOFILE = 7;
constexpr u64 FILES_MAX = 1 << 20;

enum usage_whom : i32 { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };

static void fetch_limits(struct identity *identity)
{
	u32 changed = __atomic_load_n(&identity_slot(identity)->changed, __ATOMIC_RELAXED);
	if (identity->seen == changed)
		return;
	if (proc_limits(process_proc(), span_of(identity->limits)) == OK)
		identity->seen = changed;
}

struct limit process_limit(u32 resource)
{
	struct identity *identity = process_self();
	fetch_limits(identity);
	return AT(identity->limits, resource);
}

static i64 answer(err_t err)
{
	switch (err) {
	case OK: return 0;
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_NOT_OWNER: return -EPERM;
	case ERR_RIGHTS: return -EACCES;
	case ERR_INVALID: return -EINVAL;
	default: return posix_error(err);
	}
}

static bool is_self(u32 id)
{
	return !id || id == process_self()->pid;
}

static i64 set_limit(u32 id, u32 resource, const struct limit *wanted, struct limit *before)
{
	if (resource == RESOURCE_NOFILE && wanted->hard > FILES_MAX)
		return -EPERM;
	TRY_POSIX(answer(proc_limit(process_proc(), id, resource, 1, process_serial(), wanted->soft,
		wanted->hard, &before->soft, &before->hard)));
	if (is_self(id))
		AT(process_self()->limits, resource) = *wanted;
	return 0;
}

static i64 get_limit(u32 id, u32 resource, struct limit *out)
{
	if (!is_self(id))
		return answer(proc_limit(process_proc(), id, resource, 0, 0, 0, 0, &out->soft, &out->hard));
	*out = process_limit(resource);
	return 0;
}

static i64 exchange(u32 id, u32 resource, u64 new_at, u64 old_at)
{
	struct limit wanted, before;
	if (resource >= PROC_RESOURCES)
		return -EINVAL;
	if ((i32)id < 0)
		return -ESRCH;
	if (new_at)
		TRY_POSIX(user_get(wanted, new_at));
	if (new_at && wanted.soft > wanted.hard)
		return -EINVAL;
	TRY_POSIX(
		new_at ? set_limit(id, resource, &wanted, &before) : get_limit(id, resource, &before));
	return old_at ? user_put(old_at, before) : 0;
}

i64 call_prlimit64(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return exchange(ARG_U32(0), ARG_U32(1), ARG(2), ARG(3));
}

i64 call_getrlimit(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ARG(1) ? exchange(0, ARG_U32(0), 0, ARG(1)) : -EFAULT;
}

i64 call_setrlimit(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return ARG(1) ? exchange(0, ARG_U32(0), ARG(1), 0) : -EFAULT;
}

// 20 - nice, so that it is no error.
i64 call_getpriority(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	i32 nice;
	if (ARG_U32(0) > PROC_PRIORITY_OF_USER)
		return -EINVAL;
	TRY_POSIX(answer(
		proc_priority(process_proc(), (enum proc_priority_of)ARG_U32(0), ARG_U32(1), &nice)));
	return 20 - nice;
}

i64 call_setpriority(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	if (ARG_U32(0) > PROC_PRIORITY_OF_USER)
		return -EINVAL;
	return answer(proc_set_priority(
		process_proc(), (enum proc_priority_of)ARG_U32(0), ARG_U32(1), ARG_INT(2)));
}

struct linux_usage process_usage(u64 processor_ns, u64 pages)
{
	u64 us = processor_ns / NS_PER_US;
	return (struct linux_usage){ .user_s = (i64)(us / 1'000'000),
		.user_us = (i64)(us % 1'000'000),
		.resident_max_kib = (i64)(pages * (PAGE_SIZE / 1024)) };
}

static u64 thread_ns(void)
{
	struct thread_info info = {};
	u64 size;
	(void)handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size);
	return info.cpu_ns;
}

static void own_usage(u64 *processor_ns, u64 *pages)
{
	struct process_info info = {};
	u64 size;
	(void)handle_info(HANDLE_NONE, INFO_TOPIC_PROCESS, span_of(info), &size);
	*processor_ns = info.cpu_ns;
	*pages = info.mapped_pages;
}

i64 call_getrusage(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u64 processor_ns = 0, pages = 0;
	switch (ARG_INT(0)) {
	case RUSAGE_SELF: own_usage(&processor_ns, &pages); break;
	case RUSAGE_THREAD: processor_ns = thread_ns(); break;
	case RUSAGE_CHILDREN:
		TRY_ERR(proc_usage(process_proc(), PROC_USAGE_OF_CHILDREN, &processor_ns, &pages));
		break;
	default: return -EINVAL;
	}
	struct linux_usage usage = process_usage(processor_ns, pages);
	return user_put(ARG(1), usage);
}

static i64 ticks(u64 ns)
{
	return (i64)(ns / (NS_PER_SECOND / TICKS_PER_SECOND));
}

i64 call_times(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	struct {
		i64 user, system, children_user, children_system;
	} times = {};
	u64 own, children, pages;
	if (ARG(0)) {
		own_usage(&own, &pages);
		TRY_ERR(proc_usage(process_proc(), PROC_USAGE_OF_CHILDREN, &children, &pages));
		times.user = ticks(own);
		times.children_user = ticks(children);
		TRY_POSIX(user_put(ARG(0), times));
	}
	return ticks(posix_clock());
}
