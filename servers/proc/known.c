// SPDX-License-Identifier: MIT
// known.c - children that wait, before their program runs, until their parents have told of them
// (children.c): answered after the commit that made them alive, or that took their parents away.
// Kept in memory of this life only: after a restart the kernel makes the calls again.
#include "servers/proc/operations.h"

constexpr u32 WAITING_MAX = 512;

static struct waiting {
	struct proc_known_call call;
	u32 pid;
} list[WAITING_MAX]; // written by the one thread
static u32 count;

static err_t look(u32 pid)
{
	const struct process *process = process_find(pid);
	if (!process || process->state == PROCESS_ZOMBIE)
		return ERR_NOT_FOUND;
	if (process->state == PROCESS_ALIVE)
		return OK;
	return process->parent ? ERR_BUSY : ERR_GONE;
}

static void take(u32 index)
{
	AT(list, index) = AT(list, --count);
}

void operation_known(void *_Nullable self, struct proc_known_call call)
{
	(void)self;
	struct process *process;
	err_t err = caller_find(call.caller, &process);
	if (err == OK)
		err = look(process->pid);
	if (err != ERR_BUSY || count == WAITING_MAX)
		proc_known_done(call, err);
	else
		AT(list, count++) = (struct waiting){ call, process->pid };
}

void known_send(void)
{
	for (u32 i = 0; i < count;) {
		err_t err = look(AT(list, i).pid);
		if (err == ERR_BUSY) {
			i++;
			continue;
		}
		struct proc_known_call call = AT(list, i).call;
		take(i);
		proc_known_done(call, err);
	}
}

bool known_cancel(handle_t reply)
{
	for (u32 i = 0; i < count; i++) {
		struct proc_known_call call = AT(list, i).call;
		if (call.later.reply.raw != reply.raw)
			continue;
		take(i);
		proc_known_done(call, ERR_CANCELLED);
		return true;
	}
	return false;
}
