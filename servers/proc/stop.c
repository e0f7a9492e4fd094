// SPDX-License-Identifier: MIT
// stop.c - job control: stopped, continued, and groups that nobody could continue any more.
#include "os/syscalls.h"
#include "servers/proc/operations.h"

constexpr u32 STEP = 32;

static void tell_parent(struct process *process, enum child_code code, u32 signal)
{
	struct process *parent = process_at(process->parent);
	if (!process->parent || is_nobody(parent))
		return;
	struct wishes wishes = wishes_of(parent);
	signal_child(process, code, signal, &wishes);
	wait_tell(parent);
}

void process_stop(struct process *process, u32 signal)
{
	if (process->is_stopped)
		return;
	(void)process_control(process->process, PROCESS_OPERATION_SUSPEND, 0, 0);
	SET(process->is_stopped, true);
	SET(process->stop_signal, (u8)signal);
	SET(process->report, REPORT_STOPPED);
	SET(store->stopped, store->stopped + 1);
	tell_parent(process, CHILD_STOPPED, signal);
}

void process_continue(struct process *process)
{
	SET(process->continued, process->continued + 1);
	process_publish(process);
	if (!process->is_stopped)
		return;
	SET(process->is_stopped, false);
	SET(process->report, REPORT_CONTINUED);
	SET(store->stopped, store->stopped - 1);
	(void)process_control(process->process, PROCESS_OPERATION_RESUME, 0, 0);
	tell_parent(process, CHILD_CONTINUED, SIG_CONT);
}

// Somebody of the group has a parent outside it, in the same session, who could continue it.
// leaving: counts neither as a member nor as a parent.
bool is_orphaned(u32 group, const struct process *_Nullable leaving)
{
	for (struct process *member = group_first(group); member; member = group_next(member)) {
		if (member == leaving || member->state == PROCESS_ZOMBIE || !member->parent)
			continue;
		const struct process *parent = process_at(member->parent);
		if (parent != leaving && parent->group != group && parent->session == member->session)
			return false;
	}
	return true;
}

static bool has_stopped(u32 group)
{
	for (struct process *member = group_first(group); member; member = group_next(member))
		if (member->is_stopped)
			return true;
	return false;
}

static void wake_orphans(u32 group, const struct process *leaving)
{
	if (!has_stopped(group) || !is_orphaned(group, leaving))
		return;
	u32 count = 0;
	struct process *next;
	for (struct process *member = group_first(group); member; member = next) {
		next = group_next(member);
		signal_member(member, SIG_HUP, nullptr);
		signal_member(member, SIG_CONT, nullptr);
		if (++count % STEP == 0)
			commit();
	}
}

static bool is_link(const struct process *parent, const struct process *child)
{
	return parent->group != child->group && parent->session == child->session;
}

void orphans_look(struct process *leaving)
{
	if (leaving->parent && is_link(process_at(leaving->parent), leaving))
		wake_orphans(leaving->group, leaving);
	for (slot_t slot = leaving->child; slot; slot = process_at(slot)->next)
		if (is_link(leaving, process_at(slot)))
			wake_orphans(process_at(slot)->group, leaving);
}

err_t operation_stop(void *_Nullable self, struct caller caller, u32 signal, u32 continued)
{
	(void)self;
	struct process *process;
	if (signal < SIG_STOP || signal > SIG_TTOU)
		return ERR_INVALID;
	TRY(caller_find(caller, &process));
	if (process->continued != continued)
		return OK;
	if (signal != SIG_STOP && is_orphaned(process->group, nullptr))
		return ERR_STATE;
	if (!process->process.raw)
		return ERR_BUSY; // its parent is about to tell of it
	process_stop(process, signal);
	return OK;
}

err_t operation_orphaned(void *_Nullable self, struct caller caller, u32 *out_is_orphaned)
{
	(void)self;
	struct process *process;
	TRY(caller_find(caller, &process));
	*out_is_orphaned = is_orphaned(process->group, nullptr);
	return OK;
}
