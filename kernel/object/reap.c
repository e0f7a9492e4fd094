// SPDX-License-Identifier: MIT
// reap.c - taking dead processes apart in bounded steps, on the way out of the kernel and when
// idle: handles (which may hang up streams and calls), then mappings and page tables, then
// SIGNAL_EXITED. Nobody but this CPU works on a process in its reap list; no thread is left in it.
#include "kernel/memory/memory.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"

enum reap_stage : u32 { REAP_HANDLES, REAP_SPACE, REAP_DONE };

// process_give is under way on another CPU: it looked before the process began to die.
static bool has_givers(struct process *process)
{
	lock_take(&process->lock);
	bool has_givers = process->givers != 0;
	lock_give(&process->lock);
	return has_givers;
}

static bool drain(struct process *process, u32 steps)
{
	switch ((enum reap_stage)process->reap_stage) {
	case REAP_HANDLES: return !has_givers(process) && handle_table_drain(&process->handles, steps);
	case REAP_SPACE: return !process->space || space_drain(process->space, steps);
	case REAP_DONE: break;
	}
	return true;
}

static void finish(struct process *process)
{
	list_remove(&process->reap_node);
	lock_take(&process->lock);
	struct memory *trace = process->trace;
	process->trace = nullptr;
	lock_give(&process->lock);
	if (trace)
		object_put(&trace->object);
	object_signal(&process->object, SIGNAL_ALONE | SIGNAL_FAULTED, SIGNAL_EXITED);
	object_put(&process->object);
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
		finish(process);
	return !list_is_empty(&cpu->reap);
}
