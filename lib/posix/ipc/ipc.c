// SPDX-License-Identifier: MIT
// ipc.c - see ipc.h.
#include "lib/posix/ipc/ipc.h"

#include "lib/posix/core/clock.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"

constexpr u64 CAPABILITY_IPC_OWNER = 1u << 15, CAPABILITY_SYS_ADMIN_BIT = 1u << 21;

struct meet_ipc_who ipc_who(void)
{
	const struct identity *mine = &posix_self()->identity;
	const struct proc_credentials *credentials = &mine->credentials;
	bool is_privileged = credentials->effective & (CAPABILITY_IPC_OWNER | CAPABILITY_SYS_ADMIN_BIT);
	return (struct meet_ipc_who){ credentials->effective_user, credentials->effective_group,
		mine->pid, is_privileged };
}

i64 ipc_error(err_t err)
{
	switch (err) {
	case ERR_REVOKED: return -EIDRM;
	case ERR_TOO_BIG: return -EFBIG;
	case ERR_RANGE: return -ERANGE;
	case ERR_INTERRUPTED:
	case ERR_CANCELLED: return -ERESTARTNOHAND;
	default: return posix_error(err);
	}
}

i64 ipc_get(enum meet_ipc_kind kind, u32 key, u64 size, u32 flags)
{
	u32 id;
	struct meet_ipc_who who = ipc_who();
	if (!ipc_meet().handle.raw)
		return -ENOSYS;
	err_t err = meet_ipc_get(ipc_meet(), kind, flags, key, 0, size, &who, &id);
	return err == OK ? id : ipc_error(err);
}

i64 ipc_status(enum meet_ipc_kind kind, u32 id, enum meet_ipc_look how, struct meet_ipc_status *out)
{
	struct meet_ipc_who who = ipc_who();
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	*out = (struct meet_ipc_status){}; // touched: it is lent
	return ipc_error(meet_ipc_look_at(ipc_meet(), kind, id, how, 0, &who, span_of(*out)));
}

i64 ipc_set(enum meet_ipc_kind kind, u32 id, const struct linux_ipc_perm *perm, u64 size)
{
	struct meet_ipc_who who = ipc_who();
	return ipc_error(
		meet_ipc_change(ipc_meet(), kind, id, perm->user, perm->group, perm->mode, 0, size, &who));
}

i64 ipc_remove(enum meet_ipc_kind kind, u32 id)
{
	struct meet_ipc_who who = ipc_who();
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	return ipc_error(meet_ipc_remove(ipc_meet(), kind, id, &who));
}

struct linux_ipc_perm ipc_perm(const struct meet_ipc_status *status)
{
	return (struct linux_ipc_perm){ .key = status->key,
		.user = status->user,
		.group = status->group,
		.creator = status->creator,
		.creator_group = status->creator_group,
		.mode = status->mode,
		.serial = (u16)status->serial };
}

i64 ipc_seconds(u64 monotonic_ns)
{
	return monotonic_ns ? ((i64)monotonic_ns + posix_real_offset()) / (i64)SECOND_NS : 0;
}
