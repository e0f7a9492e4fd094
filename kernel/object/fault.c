// SPDX-License-Identifier: MIT
// fault.c - what becomes of a fault: the program's upcall; else, if a debugger watches the process,
// the thread stops; else the process ends. A fault while the frame of an earlier upcall is in
// use counts as one without an upcall. Breakpoints go to the debugger first.
#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "kernel/object/port.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "kernel/object/thread_local.h"
#include "kernel/panic.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

static bool is_bound(const struct object *object)
{
	LIST_EACH(node, &object->bindings) {
		const struct binding *binding = container_of(node, struct binding, by_object);
		if (atomic_load_relaxed(&binding->bits) & SIGNAL_FAULTED)
			return true;
	}
	return false;
}

static bool is_waited_for(const struct object *object)
{
	LIST_EACH(node, &object->waiters) {
		const struct thread *thread = container_of(node, struct thread, wait.node);
		if (thread->wait.bits & SIGNAL_FAULTED)
			return true;
	}
	return false;
}

bool process_is_watched(struct process *process)
{
	struct object *object = &process->object;
	lock_take(&object->lock);
	bool is_watched = is_bound(object) || is_waited_for(object);
	lock_give(&object->lock);
	return is_watched;
}

// The first fault is what the process's info tells of.
static void blame(struct thread *thread)
{
	struct process *process = thread->process;
	lock_take(&process->lock);
	if (!process->is_dying) {
		process->fault_cause = thread->fault_cause;
		process->fault_address = thread->fault_address;
		process->fault_detail = thread->fault_detail;
		process->fault_instruction = thread->registers.rip;
	}
	lock_give(&process->lock);
}

static const char *cause_name(u64 cause)
{
	static const char *const names[] = { "none", "notification", "page fault", "bus error",
		"illegal instruction", "arithmetic", "floating point", "breakpoint", "protection" };
	return cause < COUNT(names) ? AT(names, cause) : "fault";
}

static void stop_for_debugger(struct thread *thread)
{
	blame(thread);
	atomic_store_release(&thread->is_fault_stopped, true);
	struct process *process = thread->process;
	thread_stop(thread, SIGNAL_FAULTED);
	object_signal(&process->object, 0, SIGNAL_FAULTED);
}

static void end_process(struct thread *thread)
{
	struct process *process = thread->process;
	blame(thread);
	kprint("process %lu: thread %lu: %s at %lx, instruction %lx, detail %lx\n",
		atomic_load_relaxed(&process->identity), thread->id, cause_name(thread->fault_cause),
		thread->fault_address, thread->registers.rip, thread->fault_detail);
	process_kill(process, thread->fault_cause, EXIT_FAULT);
}

static void end_step(struct thread *thread)
{
	arch_set_step(thread, false);
	atomic_store_release(&thread->is_stepping, false);
	atomic_store_release(&thread->is_suspended, true);
	thread_stop(thread, 0);
}

void thread_fault(struct thread *thread, u64 cause, u64 address, u64 detail)
{
	thread->fault_cause = cause;
	thread->fault_address = address;
	thread->fault_detail = detail;
	bool is_breakpoint = cause == UPCALL_BREAKPOINT;
	if (is_breakpoint && atomic_load_acquire(&thread->is_stepping)) {
		end_step(thread);
		return;
	}
	bool is_watched = process_is_watched(thread->process);
	if (!(is_breakpoint && is_watched) && upcall_enter(thread, cause, address, detail))
		return;
	if (is_watched)
		stop_for_debugger(thread);
	else
		end_process(thread);
}
