// SPDX-License-Identifier: MIT
// ipc.c - see ipc.h.
#include "lib/posix/ipc/ipc.h"

#include "lib/posix/core/clock.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"

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
	err_t err;
	if (!ipc_meet().handle.raw)
		return -ENOSYS;
	struct voice voice = voice_begin();
	do
		err = meet_ipc_get(voice.meet, kind, flags, key, 0, size, &id);
	while (voice_renew(&voice, err));
	return err == OK ? id : ipc_error(err);
}

i64 ipc_status(enum meet_ipc_kind kind, u32 id, enum meet_ipc_look how, struct meet_ipc_status *out)
{
	err_t err;
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	struct voice voice = voice_begin();
	*out = (struct meet_ipc_status){}; // touched: it is lent
	do
		err = meet_ipc_look_at(voice.meet, kind, id, how, span_of(*out));
	while (voice_renew(&voice, err));
	return ipc_error(err);
}

i64 ipc_set(enum meet_ipc_kind kind, u32 id, const struct linux_ipc_perm *perm, u64 size)
{
	err_t err;
	struct voice voice = voice_begin();
	do
		err = meet_ipc_change(voice.meet, kind, id, perm->user, perm->group, perm->mode, 0, size);
	while (voice_renew(&voice, err));
	return ipc_error(err);
}

i64 ipc_remove(enum meet_ipc_kind kind, u32 id)
{
	err_t err;
	if ((i32)id < 0 || !ipc_meet().handle.raw)
		return -EINVAL;
	struct voice voice = voice_begin();
	do
		err = meet_ipc_remove(voice.meet, kind, id);
	while (voice_renew(&voice, err));
	return ipc_error(err);
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
