// SPDX-License-Identifier: MIT
// credentials.c - who a process acts for. Processes with the same credentials share one set; its
// number is the badge of the connections to file servers that speak for it. Rules: change.c.
#include "lib/posix/process/identity.h"
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

// The set with these credentials, a new one if there is none.
static err_t set_find(const struct proc_credentials *credentials, u16 *out)
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
	*out = empty;
	return OK;
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
	struct change change = { what, { first, second, third }, &given };
	TRY(credentials_change(&changed, &change));
	TRY(set_find(&changed, &set));
	TRY(lease_put(credentials, 0, view_of(changed)));
	if (set != process->set) {
		set_leave(process);
		set_share(process, set);
	}
	*out_files = AT(store->sets, set).files;
	return OK;
}
