// SPDX-License-Identifier: MIT
// credentials.c - users, groups, capabilities. proc decides; a copy of what it decided lies in
// identity.credentials, and nobody but this process can change it.
#include "lib/base/bits.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/event/voice.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process_local.h"
#include "os/syscalls.h"

constexpr u32 STAYS = UINT32_MAX;
constexpr u64 CAPABILITY_SETGID = 1u << 6;
constexpr u32 LINUX_GROUPS_MAX = 65536; // of Linux; here there are fewer

static struct proc_credentials *mine(void)
{
	return &process_self()->credentials;
}

static i64 answer(err_t err)
{
	switch (err) {
	case OK: return 0;
	case ERR_NOT_OWNER: return -EPERM;
	case ERR_INVALID:
	case ERR_TOO_BIG: return -EINVAL;
	case ERR_QUOTA: return -EAGAIN;
	default: return posix_error(err);
	}
}

// None of its ids and no capability leads back.
static bool has_no_way_back(const struct proc_credentials *now)
{
	return now->user && now->effective_user && now->saved_user && !now->permitted;
}

void process_narrow(void)
{
	if (has_no_way_back(mine()) && process_privileges_lost)
		process_privileges_lost();
}

i64 process_change(enum proc_change what, struct change_ids ids, view_t list)
{
	struct proc_credentials changed;
	handle_t files;
	TRY_POSIX(answer(proc_change(process_proc(), what, process_serial(), ids.first, ids.second,
		ids.third, list, span_of(changed), &files)));
	if (credentials_part(mine(), &changed))
		process_self()->parent_signal = 0;
	*mine() = changed;
	process_self()->is_changed = 1;
	voice_drop();
	if (files.raw && process_files_changed)
		process_files_changed(files);
	process_narrow();
	return 0;
}

static i64 change(enum proc_change what, u32 first, u32 second, u32 third)
{
	return process_change(what, (struct change_ids){ first, second, third }, (view_t){});
}

// Would an exec leave them as they are?
static bool is_settled(const struct proc_credentials *now)
{
	u64 gained = !now->user ? now->bounding | now->inheritable : now->ambient;
	return now->saved_user == now->effective_user && now->file_user == now->effective_user &&
	       now->saved_group == now->effective_group && now->file_group == now->effective_group &&
	       now->user == now->effective_user && now->permitted == gained &&
	       now->effective == gained &&
	       !(now->bits &
			   (PROC_CREDENTIAL_BITS_KEEP_CAPABILITIES | PROC_CREDENTIAL_BITS_NOT_DUMPABLE));
}

i64 process_become(u32 owner, u32 group, u32 set_id)
{
	if (!set_id && is_settled(mine()))
		return 0;
	return change(PROC_CHANGE_PROGRAM, owner, group, set_id);
}

i64 call_getuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return mine()->user;
}

i64 call_geteuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return mine()->effective_user;
}

i64 call_getgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return mine()->group;
}

i64 call_getegid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return mine()->effective_group;
}

i64 call_setuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_UID, ARG_U32(0), 0, 0);
}

i64 call_setgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_GID, ARG_U32(0), 0, 0);
}

i64 call_setreuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_REUID, ARG_U32(0), ARG_U32(1), STAYS);
}

i64 call_setregid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_REGID, ARG_U32(0), ARG_U32(1), STAYS);
}

i64 call_setresuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_RESUID, ARG_U32(0), ARG_U32(1), ARG_U32(2));
}

i64 call_setresgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return change(PROC_CHANGE_RESGID, ARG_U32(0), ARG_U32(1), ARG_U32(2));
}

// These two answer what it was before, whatever comes of it.
i64 call_setfsuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 before = mine()->file_user;
	if (ARG_U32(0) != STAYS)
		(void)change(PROC_CHANGE_FSUID, ARG_U32(0), 0, 0);
	return before;
}

i64 call_setfsgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 before = mine()->file_group;
	if (ARG_U32(0) != STAYS)
		(void)change(PROC_CHANGE_FSGID, ARG_U32(0), 0, 0);
	return before;
}

static i64 put_three(const struct arguments *arguments, u32 real, u32 effective, u32 saved)
{
	TRY_POSIX(user_put(ARG(0), real));
	TRY_POSIX(user_put(ARG(1), effective));
	return user_put(ARG(2), saved);
}

i64 call_getresuid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return put_three(arguments, mine()->user, mine()->effective_user, mine()->saved_user);
}

i64 call_getresgid(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	return put_three(arguments, mine()->group, mine()->effective_group, mine()->saved_group);
}

i64 call_getgroups(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 count = mine()->groups_count;
	if (ARG_INT(0) < 0)
		return -EINVAL;
	if (!ARG_U32(0))
		return count;
	if (ARG_U32(0) < count)
		return -EINVAL;
	TRY_POSIX(user_copy_out(ARG(1), &mine()->groups, count * sizeof(u32)));
	return count;
}

i64 call_setgroups(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	u32 groups[PROC_GROUPS_MAX], count = ARG_U32(0);
	if (!(process_self()->credentials.effective & CAPABILITY_SETGID))
		return -EPERM;
	if (count > LINUX_GROUPS_MAX)
		return -EINVAL;
	for (u32 at = 0; at < count; at += PROC_GROUPS_MAX) { // of too many only that they are there
		u64 part = min_u64(count - at, PROC_GROUPS_MAX) * sizeof(u32);
		TRY_POSIX(user_copy_in(groups, ARG(1) + at * sizeof(u32), part));
	}
	if (count > PROC_GROUPS_MAX)
		return -EINVAL;
	return process_change(PROC_CHANGE_GROUPS, (struct change_ids){},
		view_clamp(view_of(groups), 0, count * sizeof(u32)));
}
