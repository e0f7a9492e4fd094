// SPDX-License-Identifier: MIT
// credentials.c - who a process acts for. Processes with the same credentials share one set; its
// number is the badge of the connections to file servers that speak for it. Rules: change.c.
#include "ifc/tree.h"
#include "lib/os/start.h"
#include "lib/posix/process/identity.h"
#include "servers/proc/answer.h"
#include "servers/proc/change.h"
#include "servers/proc/operations.h"

void set_share(struct process *process, u16 set)
{
	SET(AT(store->sets, set).users, AT(store->sets, set).users + 1);
	SET(process->set, set);
}

void set_leave(struct process *process)
{
	struct credential_set *set = &AT(store->sets, process->set);
	SET(set->users, set->users - 1);
	if (set->users || !set->files.raw)
		return;
	close_later(set->files);
	SET(set->files, HANDLE_NONE);
}

static bool is_same(const struct proc_credentials *a, const struct proc_credentials *b)
{
	return view_equal(view_of(*a), view_of(*b));
}

// A connection to the root file system that speaks for them; none on a machine without one. An
// error is the caller's: who drops powers must not keep the connection that speaks for them.
static err_t files_for(const struct proc_credentials *credentials, handle_t *out)
{
	tree_t tree = { start_handle("ramfs") };
	*out = HANDLE_NONE;
	struct tree_identity identity = { .capabilities = credentials->effective,
		.user = credentials->file_user,
		.group = credentials->file_group,
		.group_count = credentials->groups_count };
	for (u32 i = 0; i < credentials->groups_count && i < PROC_GROUPS_MAX; i++)
		AT(identity.groups, i) = AT(credentials->groups, i);
	return tree.handle.raw && tree_speak(tree, view_of(identity), out) != OK ? ERR_QUOTA : OK;
}

// Who has all powers may ask by our own connection, if there is no other.
handle_t set_files(const struct process *process)
{
	constexpr u64 ALL = (2ull << CAP_LAST) - 1;
	const struct credential_set *set = &AT(store->sets, process->set);
	bool is_all = !set->credentials.file_user && (set->credentials.effective & ALL) == ALL;
	return set->files.raw || !is_all ? set->files : start_handle("ramfs");
}

err_t set_find(const struct proc_credentials *credentials, u16 *out)
{
	u16 empty = SETS_MAX;
	for (u16 i = 0; i < SETS_MAX; i++) {
		struct credential_set *set = &AT(store->sets, i);
		if (!set->users && empty == SETS_MAX)
			empty = i;
		if (set->users && is_same(&set->credentials, credentials)) {
			*out = i;
			return OK;
		}
	}
	if (empty == SETS_MAX)
		return ERR_QUOTA;
	SET(AT(store->sets, empty).credentials, *credentials);
	SET(AT(store->sets, empty).files, HANDLE_NONE);
	*out = empty;
	return OK;
}

// Its connection to the files, if it has none yet.
static err_t set_reach(u16 set)
{
	handle_t files;
	if (AT(store->sets, set).files.raw)
		return OK;
	TRY(files_for(&AT(store->sets, set).credentials, &files));
	SET(AT(store->sets, set).files, files);
	return OK;
}

handle_t set_take(struct process *process, u16 set)
{
	if (set != process->set) {
		set_leave(process);
		set_share(process, set);
	}
	(void)set_reach(set); // the first set has none until someone comes back to it
	return AT(store->sets, set).files;
}

err_t operation_credentials(void *_Nullable self, struct caller caller, u32 id, lease_t credentials)
{
	(void)self;
	struct process *process;
	TRY(process_by_id(caller, id, &process));
	if (credentials.size < sizeof(struct proc_credentials))
		return ERR_TOO_BIG;
	return lease_put(credentials, 0, view_of(*credentials_of(process)));
}

static err_t get_list(lease_t list, struct change_list *out)
{
	if (list.size > sizeof out->bytes)
		return ERR_TOO_BIG;
	out->size = (u32)list.size;
	return lease_get(list, 0, span_clamp(span_of(out->bytes), 0, list.size));
}

err_t operation_change(void *_Nullable self, struct caller caller, enum proc_change what,
	u32 serial, u32 first, u32 second, u32 third, lease_t list, lease_t credentials,
	handle_t *out_files)
{
	(void)self;
	(void)serial;
	struct process *process;
	struct change_list given = {};
	u16 set;
	TRY(caller_find(caller, &process));
	if (credentials.size < sizeof(struct proc_credentials))
		return ERR_TOO_BIG;
	TRY(get_list(list, &given));
	struct proc_credentials changed = *credentials_of(process);
	struct change change = { what, { first, second, third }, &given, false };
	TRY(credentials_change(&changed, &change));
	TRY(lease_put(credentials, 0, view_of(changed))); // before: a set that nobody takes is lost
	TRY(set_find(&changed, &set));
	TRY(set_reach(set)); // before it is taken: who drops powers keeps no connection that has them
	if (credentials_part(credentials_of(process), &changed))
		SET(process->parent_signal, 0);
	*out_files = set_take(process, set);
	return OK;
}

static struct meet_identity identity_of(const struct process *process)
{
	const struct proc_credentials *credentials = credentials_of(process);
	struct meet_identity identity = { .capabilities = credentials->effective,
		.pid = process->pid,
		.slot = process_slot(process),
		.user = credentials->user,
		.effective_user = credentials->effective_user,
		.effective_group = credentials->effective_group,
		.file_user = credentials->file_user,
		.file_group = credentials->file_group,
		.group_count = credentials->groups_count };
	static_assert(sizeof identity.groups == sizeof credentials->groups);
	(void)span_copy(span_of(identity.groups), view_of(credentials->groups));
	return identity;
}

err_t operation_voice(void *_Nullable self, struct caller caller, handle_t *out_voice)
{
	(void)self;
	struct process *process;
	meet_t meet;
	TRY(caller_find(caller, &process));
	TRY(meet_reach(&meet));
	if (!process->process.raw)
		return ERR_BUSY;
	const struct meet_identity identity = identity_of(process);
	TRY(meet_speak(meet, process->process, view_of(identity), out_voice));
	answer_hand_out(*out_voice);
	return OK;
}
