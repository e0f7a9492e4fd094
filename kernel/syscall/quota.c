// SPDX-License-Identifier: MIT
// quota.c - system calls on quotas.
#include "kernel/object/quota.h"

#include "kernel/object/process.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"

constexpr u32 QUOTA_RIGHTS = RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER, WEIGHT_MAX = 1024;

err_t sys_quota_create(struct thread *caller, struct quota *_Nullable parent, u64 pages,
	u64 objects, u64 handles, u32 weight, handle_t *out_quota)
{
	const struct quota_limits limits = { pages, objects, handles };
	struct quota *quota;
	if (!weight || weight > WEIGHT_MAX)
		return ERR_INVALID;
	TRY(quota_create(parent ? parent : caller->process->quota, &limits, weight, &quota));
	return handle_install_take(&caller->process->handles, &quota->object, QUOTA_RIGHTS, out_quota);
}
