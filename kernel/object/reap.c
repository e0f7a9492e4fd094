// SPDX-License-Identifier: MIT
// reap.c - taking dead processes apart in bounded steps, on the way out of the kernel and when
// idle: handles (which may hang up streams and calls), then mappings and page tables, then
// SIGNAL_EXITED. Handles that are kept come last, when nobody can inherit them any more.
// Nobody but this CPU works on a process in its reap list; no thread is left in it.
#include "kernel/memory/memory.h"
#include "kernel/memory/space.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"

enum reap_stage : u32 { REAP_HANDLES, REAP_SPACE, REAP_ESTATE, REAP_MADE, REAP_DONE };

static bool drain_handles(struct process *process, u32 steps)
{
	bool is_kept = atomic_load_relaxed(&process->keeps_handles);
	// Of an estate only what meant the dead alone: its saved replies, itself.
	return is_kept ? handle_table_drain_own(&process->handles, &process->object, steps)
	               : handle_table_drain(&process->handles, steps);
}

// Of those that share one the last takes it apart. Who looks at it now has it until a grace period
// ends, which is before the last one frees it.
static bool drain_space(struct process *process, u32 steps)
{
	struct space *space = process->space;
	if (!space || !space_leave_to_others(space))
		return !space || space_drain(space, steps);
	atomic_store_release(&process->space, (struct space *)nullptr);
	return true;
}

static bool drain(struct process *process, u32 steps)
{
	switch ((enum reap_stage)process->reap_stage) {
	case REAP_HANDLES: return drain_handles(process, steps);
	case REAP_SPACE: return drain_space(process, steps);
	case REAP_ESTATE: return handle_table_drain(&process->handles, steps);
	case REAP_MADE: return process_release_made(process, steps);
	case REAP_DONE: break;
	}
	return true;
}

// It may be on another CPU's list already, for its estate.
static void finish(struct process *process)
{
	lock_take(&process->lock);
	struct memory *trace = process->trace;
	process->trace = nullptr;
	bool has_ended = process->has_ended; // of one with an estate it was said then
	process->has_ended = true;
	lock_give(&process->lock);
	if (trace)
		object_put(&trace->object);
	if (!has_ended)
		object_signal(&process->object, SIGNAL_ALONE | SIGNAL_FAULTED, SIGNAL_EXITED);
	object_put(&process->object);
	grace_count(process->object.quota, (u32)-1);
}

// Off the list; with an estate, if it still keeps its handles.
static bool settle(struct process *process)
{
	list_remove(&process->reap_node);
	lock_take(&process->lock);
	bool has_estate = process->keeps_handles && object_handles(&process->object);
	process->has_estate = has_estate;
	lock_give(&process->lock);
	if (!has_estate)
		list_push_front(&cpu_self()->reap, &process->reap_node);
	return has_estate;
}

bool process_reap(u32 steps)
{
	struct cpu *cpu = cpu_self();
	struct list_node *node = list_first(&cpu->reap);
	if (!node)
		return false;
	struct process *process = container_of(node, struct process, reap_node);
	if (drain(process, steps))
		process->reap_stage++;
	if (process->reap_stage == REAP_DONE)
		list_remove(node);
	if (process->reap_stage == REAP_DONE ||
		(process->reap_stage == REAP_ESTATE && atomic_load_relaxed(&process->keeps_handles) &&
			settle(process)))
		finish(process);
	return !list_is_empty(&cpu->reap);
}
