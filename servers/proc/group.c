// SPDX-License-Identifier: MIT
// group.c - process groups and sessions.
#include "os/syscalls.h"
#include "servers/proc/operations.h"

err_t operation_ids(void *_Nullable self, struct caller caller, u32 id, u32 *out_parent,
	u32 *out_group, u32 *out_session, u32 *out_terminal)
{
	(void)self;
	struct process *process;
	TRY(process_by_id(caller, id, &process));
	*out_parent = process->parent ? process_at(process->parent)->pid : 0;
	*out_group = process->group;
	*out_session = process->session;
	*out_terminal = process->terminal;
	return OK;
}

// A child that called exec is no more its parent's to move.
static bool has_executed(const struct process *child)
{
	u64 executed = 0, done;
	u64 address = IDENTITY_ADDRESS + offsetof(struct identity, program.executed);
	return child->process.raw &&
	       memory_read(child->process, address, span_of(executed), &done) == OK && executed;
}

void family_publish(const struct process *process)
{
	process_publish(process);
	for (slot_t slot = process->child; slot; slot = process_at(slot)->next)
		if (process_at(slot)->state == PROCESS_SPARE) {
			SET(process_at(slot)->session, process->session);
			SET(process_at(slot)->terminal, process->terminal);
			process_publish(process_at(slot));
		}
}

static err_t may_move(struct process *mover, struct process *process, u32 group)
{
	bool is_child = process->parent == process_slot(mover);
	if (process != mover && !is_child)
		return ERR_NOT_FOUND;
	if (is_leader(process) || process->session != mover->session)
		return ERR_NOT_OWNER;
	if (process != mover && has_executed(process))
		return ERR_STATE;
	const struct process *member = group_first(group);
	bool is_joinable = group == process->pid || (member && member->session == mover->session);
	return is_joinable ? OK : ERR_NOT_OWNER;
}

err_t operation_set_group(void *_Nullable self, struct caller caller, u32 id, u32 group)
{
	(void)self;
	struct process *mover, *process;
	TRY(caller_find(caller, &mover));
	TRY(process_by_id(caller, id, &process));
	if (!group)
		group = process->pid;
	TRY(may_move(mover, process, group));
	if (process->group == group)
		return OK;
	if (store->stopped)
		orphans_look(process);
	process_join_group(process, group);
	family_publish(process);
	return OK;
}

err_t operation_set_session(
	void *_Nullable self, struct caller caller, u32 serial, u32 *out_session)
{
	(void)self;
	(void)serial;
	struct process *process;
	TRY(caller_find(caller, &process));
	if (group_first(process->pid))
		return ERR_NOT_OWNER; // a group of this number exists
	SET(process->session, process->pid);
	SET(process->terminal, 0);
	process_join_group(process, process->pid);
	family_publish(process);
	*out_session = process->pid;
	return OK;
}

err_t operation_parent_signal(void *_Nullable self, struct caller caller, u32 signal)
{
	(void)self;
	struct process *process;
	if (signal > SIG_LAST)
		return ERR_INVALID;
	TRY(caller_find(caller, &process));
	SET(process->parent_signal, (u8)signal);
	return OK;
}

err_t operation_subreaper(void *_Nullable self, struct caller caller, u32 is_set)
{
	(void)self;
	struct process *process;
	TRY(caller_find(caller, &process));
	SET(process->is_subreaper, is_set != 0);
	return OK;
}

err_t operation_open(void *_Nullable self, struct caller caller, u32 id, handle_t *out_process)
{
	(void)self;
	struct process *process;
	TRY(process_by_id(caller, id, &process));
	if (!process->process.raw)
		return ERR_STATE;
	*out_process = process->process;
	return OK;
}
