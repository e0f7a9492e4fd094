// SPDX-License-Identifier: MIT
// end.c - how processes go: the kernel's exit event makes a zombie, its children find another
// parent, its own parent is told. Nothing of it is left once somebody waited.
#include "abi/info.h"
#include "abi/thread.h"
#include "os/syscalls.h"
#include "servers/proc/proc.h"

constexpr u32 STEP = 32;

static u32 fault_signal(u64 cause)
{
	switch (cause) {
	case UPCALL_BUS_ERROR: return SIG_BUS;
	case UPCALL_ILLEGAL: return SIG_ILL;
	case UPCALL_ARITHMETIC:
	case UPCALL_FLOAT: return SIG_FPE;
	case UPCALL_BREAKPOINT: return SIG_TRAP;
	}
	return SIG_SEGV;
}

// As wait4 has it. A process says how it ends in the low half of its exit code; who kills one says
// by which signal.
static u32 status_of(const struct process_info *info)
{
	if (info->exit_reason == EXIT_FAULT)
		return fault_signal(info->fault_cause);
	if (info->exit_reason == EXIT_KILLED)
		return info->exit_code && info->exit_code <= SIG_LAST ? (u32)info->exit_code : SIG_KILL;
	return (u32)info->exit_code & 0xffff;
}

// Who takes its children: the next one above that said so (PR_SET_CHILD_SUBREAPER), else pid 1.
static struct process *reaper_of(const struct process *process)
{
	for (slot_t slot = process->parent; slot; slot = process_at(slot)->parent) {
		struct process *above = process_at(slot);
		if (above->is_subreaper && above->state != PROCESS_ZOMBIE)
			return above;
	}
	return process_at(INIT_SLOT);
}

static void forget(struct process *process)
{
	set_leave(process);
	process_release(process);
}

static u32 told_status(const struct process *zombie)
{
	return zombie->code == CHILD_EXITED ? zombie->status >> 8 & 0xff : zombie->status & 0x7f;
}

// Tells the parent of a zombie, or forgets it. While pid 1 is nobody its children are gone at once.
static void announce(struct process *zombie)
{
	struct process *parent = process_at(zombie->parent);
	struct wishes wishes = { .flags = WISH_NO_ZOMBIES };
	if (!is_nobody(parent))
		wishes = wishes_of(parent);
	if (zombie->exit_signal)
		signal_child(zombie, (enum child_code)zombie->code, told_status(zombie), &wishes);
	if (wishes.flags & WISH_NO_ZOMBIES && zombie->exit_signal == SIG_CHLD)
		forget(zombie);
	wait_tell(parent);
}

static void pass_on(struct process *child, struct process *reaper)
{
	if (child->state == PROCESS_SPARE || child->state == PROCESS_UNBORN) {
		process_orphan(child); // its connection hangs up, or it ends at its next call
		process_publish(child);
		return;
	}
	process_adopt(reaper, child);
	SET(child->exit_signal, SIG_CHLD); // what its parent wished to get is not the reaper's to get
	process_publish(child);
	if (child->parent_signal)
		signal_kernel(child, child->parent_signal);
	if (child->state == PROCESS_ZOMBIE)
		announce(child);
}

static void leave_children(struct process *process)
{
	if (!process->child)
		return;
	struct process *reaper = reaper_of(process);
	for (u32 count = 1; process->child; count++) {
		pass_on(process_at(process->child), reaper);
		if (count % STEP == 0)
			commit(); // each child moved is a whole step, the list may be long
	}
}

static void drop_process(struct process *process)
{
	close_later(process->process);
	SET(process->process, HANDLE_NONE);
}

static void drop_stop(struct process *process)
{
	SET(process->report, REPORT_NONE);
	if (!process->is_stopped)
		return;
	SET(process->is_stopped, false);
	SET(store->stopped, store->stopped - 1);
}

// What concerns others comes first, in steps that may be done twice: if we die on the way, the next
// life is told of the end once more (end_rescan), and goes on with what is left. The last step is
// whole.
void process_end(struct process *process, u32 status, u64 processor_ns, u64 pages)
{
	if (store->stopped)
		orphans_look(process);
	leave_children(process);
	if (is_leader(process))
		session_end(process);
	commit();
	drop_process(process);
	signals_drop(process);
	wait_forget(process_slot(process));
	drop_stop(process);
	SET(process->state, PROCESS_ZOMBIE);
	SET(process->status, status);
	SET(process->code, status & 0x7f ? CHILD_KILLED : CHILD_EXITED);
	SET(process->processor_ns, processor_ns);
	SET(store->ended_ns, store->ended_ns + processor_ns);
	SET(process->pages, pages);
	process_publish(process);
	if (process->parent)
		announce(process);
	else if (process_slot(process) != INIT_SLOT)
		forget(process);
}

void process_exited(u32 pid, slot_t slot)
{
	if (slot >= PROC_SLOTS_MAX)
		return;
	struct process *process = process_at(slot);
	if (process->state != PROCESS_ALIVE || process->pid != pid)
		return;
	struct process_info info = {};
	u64 size;
	if (handle_info(process->process, INFO_TOPIC_PROCESS, span_of(info), &size) != OK ||
		info.exit_reason == EXIT_RUNNING)
		return;
	process_end(process, status_of(&info), info.cpu_ns, info.mapped_pages);
}

// A connection is gone with all who held it: of a spare that never lived, or of a process that
// nobody told proc of before its parent died.
void process_hangup(u64 badge)
{
	struct process *process = process_by_badge(badge);
	if (!process)
		return;
	if (process->state == PROCESS_SPARE) {
		signals_drop(process);
		forget(process);
	} else if (process->state == PROCESS_UNBORN && !process->process.raw)
		process_end(process, SIG_KILL, 0, 0);
}

// After a restart: an exit that was told to the life before, and undone with it, is not told again.
void end_rescan(void)
{
	for (u32 slot = INIT_SLOT; slot < store->fresh; slot++) {
		struct process *process = process_at((slot_t)slot);
		if (process->state == PROCESS_ALIVE && process->process.raw &&
			bind_exit(process) == ERR_BAD_HANDLE)
			process_end(process, SIG_KILL, 0, 0);
	}
}
