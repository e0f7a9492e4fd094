// SPDX-License-Identifier: MIT
// change.c - who may become whom: setuid, setreuid, setresuid, setfsuid, their twins for groups,
// setgroups, capset and what exec does. Linux's rules (credentials(7), capabilities(7)).
#include "servers/proc/change.h"

#include "lib/posix/process/identity.h"

enum power : u8 { POWER_SETGID = 6, POWER_SETUID = 7, POWER_SETPCAP = 8, POWER_LAST = 40 };
enum ambient_operation : u32 { AMBIENT_RAISE = 2, AMBIENT_LOWER = 3, AMBIENT_CLEAR = 4 };

static bool has(const struct proc_credentials *credentials, enum power power)
{
	return credentials->effective >> power & 1;
}

// The four ids of one kind: users or groups.
struct ids {
	u32 real, effective, saved, file;
};

static bool is_one_of(const struct ids *ids, u32 id)
{
	return id == ids->real || id == ids->effective || id == ids->saved;
}

static bool may_be(const struct ids *ids, u32 id, bool is_able)
{
	return is_able || id == ID_STAYS || is_one_of(ids, id);
}

static u32 pick(u32 wanted, u32 now)
{
	return wanted == ID_STAYS ? now : wanted;
}

static err_t set_one(struct ids *ids, u32 id, bool is_able)
{
	if (id == ID_STAYS)
		return ERR_INVALID;
	if (is_able)
		*ids = (struct ids){ id, id, id, id };
	else if (id == ids->real || id == ids->saved)
		ids->effective = ids->file = id;
	else
		return ERR_NOT_OWNER;
	return OK;
}

static err_t set_two(struct ids *ids, u32 real, u32 effective, bool is_able)
{
	bool may_real = real == ID_STAYS || real == ids->real || real == ids->effective || is_able;
	if (!may_real || !may_be(ids, effective, is_able))
		return ERR_NOT_OWNER;
	bool takes_saved = real != ID_STAYS || (effective != ID_STAYS && effective != ids->real);
	ids->real = pick(real, ids->real);
	ids->effective = pick(effective, ids->effective);
	if (takes_saved)
		ids->saved = ids->effective;
	ids->file = ids->effective;
	return OK;
}

static err_t set_three(struct ids *ids, const struct change *change, bool is_able)
{
	u32 real = AT(change->id, 0), effective = AT(change->id, 1), saved = AT(change->id, 2);
	if (!may_be(ids, real, is_able) || !may_be(ids, effective, is_able) ||
		!may_be(ids, saved, is_able))
		return ERR_NOT_OWNER;
	ids->real = pick(real, ids->real);
	ids->effective = pick(effective, ids->effective);
	ids->saved = pick(saved, ids->saved);
	ids->file = ids->effective;
	return OK;
}

// setfsuid says nothing when it may not.
static err_t set_file(struct ids *ids, u32 id, bool is_able)
{
	if (id != ID_STAYS && (is_able || is_one_of(ids, id) || id == ids->file))
		ids->file = id;
	return OK;
}

static err_t change_ids(struct ids *ids, const struct change *change, u32 kind, bool is_able)
{
	switch (kind) {
	case 0: return set_one(ids, AT(change->id, 0), is_able);
	case 1: return set_two(ids, AT(change->id, 0), AT(change->id, 1), is_able);
	case 2: return set_three(ids, change, is_able);
	}
	return set_file(ids, AT(change->id, 0), is_able);
}

static bool is_root_among(const struct ids *ids)
{
	return !ids->real || !ids->effective || !ids->saved;
}

// What leaving or taking user 0 does to capabilities.
static void follow_root(
	struct proc_credentials *credentials, const struct ids *before, const struct ids *after)
{
	bool keeps = credentials->bits & PROC_CREDENTIAL_BITS_KEEP_CAPABILITIES;
	if (is_root_among(before) && !is_root_among(after)) {
		credentials->ambient = 0;
		credentials->effective = 0;
		if (!keeps)
			credentials->permitted = 0;
	}
	if (!before->effective && after->effective)
		credentials->effective = 0;
	if (before->effective && !after->effective)
		credentials->effective = credentials->permitted;
}

static err_t change_users(struct proc_credentials *credentials, const struct change *change)
{
	struct ids ids = { credentials->user, credentials->effective_user, credentials->saved_user,
		credentials->file_user };
	struct ids before = ids;
	u32 kind = change->what - PROC_CHANGE_UID;
	TRY(change_ids(&ids, change, kind, has(credentials, POWER_SETUID)));
	credentials->user = ids.real;
	credentials->effective_user = ids.effective;
	credentials->saved_user = ids.saved;
	credentials->file_user = ids.file;
	follow_root(credentials, &before, &ids);
	return OK;
}

static err_t change_group(struct proc_credentials *credentials, const struct change *change)
{
	struct ids ids = { credentials->group, credentials->effective_group, credentials->saved_group,
		credentials->file_group };
	u32 kind = change->what - PROC_CHANGE_GID;
	TRY(change_ids(&ids, change, kind, has(credentials, POWER_SETGID)));
	credentials->group = ids.real;
	credentials->effective_group = ids.effective;
	credentials->saved_group = ids.saved;
	credentials->file_group = ids.file;
	return OK;
}

static err_t change_groups(struct proc_credentials *credentials, const struct change_list *list)
{
	if (!has(credentials, POWER_SETGID))
		return ERR_NOT_OWNER;
	if (list->size % sizeof(u32) || list->size > sizeof credentials->groups)
		return ERR_INVALID;
	span_fill(span_of(credentials->groups), 0);
	credentials->groups_count = list->size / sizeof(u32);
	return span_copy(span_of(credentials->groups), view_clamp(view_of(list->bytes), 0, list->size));
}

static err_t change_capabilities(
	struct proc_credentials *credentials, const struct change_list *list)
{
	struct {
		u64 effective, permitted, inheritable;
	} wanted;
	if (list->size != sizeof wanted)
		return ERR_INVALID;
	TRY(view_load(view_of(list->bytes), 0, span_of(wanted)));
	u64 inheritable =
		credentials->inheritable |
		(has(credentials, POWER_SETPCAP) ? credentials->bounding : credentials->permitted);
	if (wanted.permitted & ~credentials->permitted || wanted.effective & ~wanted.permitted ||
		wanted.inheritable & ~inheritable)
		return ERR_NOT_OWNER;
	credentials->effective = wanted.effective;
	credentials->permitted = wanted.permitted;
	credentials->inheritable = wanted.inheritable;
	credentials->ambient &= wanted.permitted & wanted.inheritable;
	return OK;
}

static err_t drop_bounding(struct proc_credentials *credentials, u32 power)
{
	if (power > POWER_LAST)
		return ERR_INVALID;
	if (!has(credentials, POWER_SETPCAP))
		return ERR_NOT_OWNER;
	credentials->bounding &= ~(1ull << power);
	return OK;
}

static err_t change_ambient(struct proc_credentials *credentials, u32 operation, u32 power)
{
	if (operation != AMBIENT_CLEAR && power > POWER_LAST)
		return ERR_INVALID;
	u64 bit = operation == AMBIENT_CLEAR ? 0 : 1ull << power;
	switch (operation) {
	case AMBIENT_RAISE:
		if (!(credentials->permitted & credentials->inheritable & bit))
			return ERR_NOT_OWNER;
		credentials->ambient |= bit;
		return OK;
	case AMBIENT_LOWER: credentials->ambient &= ~bit; return OK;
	case AMBIENT_CLEAR: credentials->ambient = 0; return OK;
	}
	return ERR_INVALID;
}

// first: to set, second: to clear. No new privileges is for ever.
static err_t change_bits(struct proc_credentials *credentials, const struct change *change)
{
	u32 set = AT(change->id, 0), clear = AT(change->id, 1);
	if ((set | clear) & ~(u32)PROC_CREDENTIAL_BITS_ALL ||
		clear & PROC_CREDENTIAL_BITS_NO_NEW_PRIVILEGES)
		return ERR_INVALID;
	credentials->bits = (credentials->bits | set) & ~clear;
	return OK;
}

// Of a set-id file nobody but a process that could do it anyway is believed: what it goes on with
// is its own doing. Others go by a fresh process (become.c).
static void take_set_id(struct proc_credentials *credentials, const struct change *change)
{
	u32 bits = credentials->bits & PROC_CREDENTIAL_BITS_NO_NEW_PRIVILEGES ? 0 : AT(change->id, 2);
	if (bits & 1 && (change->is_vouched || has(credentials, POWER_SETUID)))
		credentials->effective_user = AT(change->id, 0);
	if (bits & 2 && (change->is_vouched || has(credentials, POWER_SETGID)))
		credentials->effective_group = AT(change->id, 1);
}

// exec. User 0 gets all that the bounding set leaves.
static err_t change_program(struct proc_credentials *credentials, const struct change *change)
{
	take_set_id(credentials, change);
	bool is_root = !credentials->user || !credentials->effective_user;
	credentials->saved_user = credentials->file_user = credentials->effective_user;
	credentials->saved_group = credentials->file_group = credentials->effective_group;
	bool is_lent = credentials->user != credentials->effective_user ||
	               credentials->group != credentials->effective_group;
	credentials->bits &= ~(u32)PROC_CREDENTIAL_BITS_KEEP_CAPABILITIES;
	credentials->bits &= ~(u32)PROC_CREDENTIAL_BITS_NOT_DUMPABLE;
	if (is_lent)
		credentials->bits |= PROC_CREDENTIAL_BITS_NOT_DUMPABLE; // its memory is not its user's
	u64 gained = is_root ? credentials->bounding | credentials->inheritable : credentials->ambient;
	credentials->permitted = gained;
	credentials->effective = is_root && credentials->effective_user ? credentials->ambient : gained;
	return OK;
}

static err_t change_by_kind(struct proc_credentials *credentials, const struct change *change)
{
	switch (change->what) {
	case PROC_CHANGE_UID:
	case PROC_CHANGE_REUID:
	case PROC_CHANGE_RESUID:
	case PROC_CHANGE_FSUID: return change_users(credentials, change);
	case PROC_CHANGE_GID:
	case PROC_CHANGE_REGID:
	case PROC_CHANGE_RESGID:
	case PROC_CHANGE_FSGID: return change_group(credentials, change);
	case PROC_CHANGE_GROUPS: return change_groups(credentials, change->list);
	case PROC_CHANGE_CAPABILITIES: return change_capabilities(credentials, change->list);
	case PROC_CHANGE_BOUNDING_DROP: return drop_bounding(credentials, AT(change->id, 0));
	case PROC_CHANGE_AMBIENT:
		return change_ambient(credentials, AT(change->id, 0), AT(change->id, 1));
	case PROC_CHANGE_BITS: return change_bits(credentials, change);
	case PROC_CHANGE_PROGRAM: return change_program(credentials, change);
	}
	return ERR_INVALID;
}

err_t credentials_change(struct proc_credentials *credentials, const struct change *change)
{
	struct proc_credentials changed = *credentials;
	TRY(change_by_kind(&changed, change));
	if (credentials_part(credentials, &changed))
		changed.bits |= PROC_CREDENTIAL_BITS_NOT_DUMPABLE;
	*credentials = changed;
	return OK;
}
