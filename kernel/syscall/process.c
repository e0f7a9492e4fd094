// SPDX-License-Identifier: MIT
// process.c - the system calls on processes: rights and limits of who asks; the work is done in
// kernel/object/{process,fork,replace,trace}.c.
#include "kernel/object/process.h"
#include "abi/process.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/memory.h"
#include "kernel/object/thread_control.h"
#include "kernel/object/trace.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"

static struct process *target_of(struct thread *caller, struct process *_Nullable process)
{
	return process ? process : caller->process;
}

// Programs speak with the identity that a service gave them; services choose.
static err_t choose_identity(const struct thread *caller, u64 identity, u64 *out)
{
	u64 own = atomic_load_relaxed(&caller->process->identity);
	if (identity && identity != own && caller->process->level >= LEVEL_PROGRAM)
		return ERR_RIGHTS;
	*out = identity ? identity : own;
	return OK;
}

err_t sys_process_create(struct thread *caller, struct quota *_Nullable quota, u64 identity,
	u32 level, handle_t *out_process)
{
	bool is_lent = level & PROCESS_SHARED;
	level &= ~PROCESS_SHARED;
	if (level < caller->process->level || level > LEVEL_PROGRAM)
		return ERR_LEVEL;
	TRY(choose_identity(caller, identity, &identity));
	struct process *process;
	struct quota *payer = quota ? quota : caller->process->quota;
	TRY(is_lent ? process_lend(caller, payer, identity, (u8)level, &process)
				: process_create(payer, identity, (u8)level, &process));
	err_t err =
		handle_install(&caller->process->handles, &process->object, RIGHTS_ALL, out_process);
	if (err != OK)
		process_kill(process, 0, EXIT_KILLED);
	object_put(&process->object);
	return err;
}

err_t sys_process_fork(struct thread *caller, u64 identity, handle_t *out_process)
{
	TRY(choose_identity(caller, identity, &identity));
	struct process *child;
	struct thread *thread;
	TRY(process_fork(caller, identity, &child, &thread));
	err_t err = handle_install(&caller->process->handles, &child->object, RIGHTS_ALL, out_process);
	if (err == OK) {
		sched_start(thread);
	} else {
		thread_discard(thread);
		process_kill(child, 0, EXIT_KILLED);
	}
	object_put(&thread->object);
	object_put(&child->object);
	return err;
}

err_t sys_process_replace(
	struct thread *caller, struct process *image, u64 entry, u64 stack, u64 argument, u64 block)
{
	struct program_start start = {
		.entry = entry, .stack = stack, .argument = argument, .block = block
	};
	return process_replace(caller, image, &start);
}

static void set_suspended(struct process *process, bool is_wanted)
{
	lock_take(&process->lock);
	process->is_suspended = is_wanted;
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		atomic_store_release(&thread->is_suspended, is_wanted); // pairs with apply_suspend
		thread->asked |= is_wanted ? REQUEST_SUSPEND : REQUEST_RESUME;
	}
	lock_give(&process->lock);
	process_send_asked(process);
}

static void resume_faulted(struct process *process)
{
	object_signal(&process->object, SIGNAL_FAULTED, 0);
	lock_take(&process->lock);
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		if (!atomic_load_acquire(&thread->is_fault_stopped))
			continue;
		atomic_store_release(&thread->is_fault_stopped, false); // pairs with apply_suspend
		thread->asked |= REQUEST_RESUME;
	}
	lock_give(&process->lock);
	process_send_asked(process);
}

static err_t set_identity(struct thread *caller, struct process *process, u64 identity)
{
	TRY(choose_identity(caller, identity, &identity));
	atomic_store_relaxed(&process->identity, identity);
	return OK;
}

static err_t set_reflection(struct process *process, u64 entry)
{
	if (entry && !arch_address_is_user(entry))
		return ERR_FAULT;
	atomic_store_relaxed(&process->reflection, entry);
	process_request(process, REQUEST_NOTIFY); // its threads look
	return OK;
}

static err_t set_trace(struct thread *caller, struct process *process, u64 handle)
{
	struct object *object = nullptr;
	if (handle)
		TRY(handle_lookup(caller, handle, OBJECT_MEMORY, RIGHT_WRITE, &object));
	trace_set(process, object ? memory_of(object) : nullptr);
	return OK;
}

static err_t keep_handles(const struct thread *caller, struct process *process, bool is_wanted)
{
	if (!process_is_made_by(process, caller))
		return ERR_RIGHTS; // nobody else would end it, see process_release_made
	lock_take(&process->lock);
	bool is_alive = !process->is_dying;
	if (is_alive)
		atomic_store_relaxed(&process->keeps_handles, is_wanted);
	lock_give(&process->lock);
	return is_alive ? OK : ERR_STATE;
}

static err_t inherit(struct thread *caller, struct process *heir, u64 handle)
{
	struct object *dead;
	TRY(handle_lookup(caller, handle, OBJECT_PROCESS, RIGHT_MANAGE, &dead));
	return process_inherit(caller, heir, process_of(dead));
}

err_t sys_process_control(struct thread *caller, struct process *_Nullable process,
	enum process_operation operation, u64 a, [[maybe_unused]] u64 b)
{
	struct process *target = target_of(caller, process);
	switch (operation) {
	case PROCESS_OPERATION_KILL: process_kill(target, a, EXIT_KILLED); return OK;
	case PROCESS_OPERATION_SUSPEND: set_suspended(target, true); return OK;
	case PROCESS_OPERATION_RESUME: set_suspended(target, false); return OK;
	case PROCESS_OPERATION_SET_IDENTITY: return set_identity(caller, target, a);
	case PROCESS_OPERATION_SET_REFLECTION: return set_reflection(target, a);
	case PROCESS_OPERATION_TRACE: return set_trace(caller, target, a);
	case PROCESS_OPERATION_RESUME_FAULT: resume_faulted(target); return OK;
	case PROCESS_OPERATION_KEEP_HANDLES: return keep_handles(caller, target, a != 0);
	case PROCESS_OPERATION_INHERIT: return inherit(caller, target, a);
	}
	return ERR_INVALID;
}

err_t sys_process_give(struct thread *caller, struct process *process,
	[[maybe_unused]] struct object *object, handle_t object_handle, u32 rights, u32 *out_value)
{
	handle_t given;
	err_t err =
		handle_give(&caller->process->handles, object_handle, rights, &process->handles, &given);
	if (err == OK)
		*out_value = given.raw;
	return err == ERR_GONE ? ERR_STATE : err; // it has died: nothing goes in any more
}

// The word that other threads wait on to see this one end: cleared while the memory is still ours.
static err_t clear_word(u64 address)
{
	if (!address)
		return OK;
	u32 woken, zero = 0;
	err_t err = user_copy_out(address, &zero, sizeof zero);
	if (err == OK)
		err = futex_wake(address, 1, 0, 0, &woken);
	return err == SYSCALL_BLOCKED ? err : OK; // a bad address is the dying thread's own loss
}

// At once: another CPU's request that is under way to us would have ours wait for it, and the
// caller come back.
err_t sys_task_exit(struct thread *caller, enum exit_scope scope, u64 code, u64 address)
{
	struct process *process = caller->process;
	if (scope == EXIT_SCOPE_PROCESS) {
		process_kill(process, code, EXIT_RETURNED);
	} else {
		TRY(clear_word(address));
		lock_take(&process->lock);
		if (!process->is_dying)
			process->exit_code = code; // counts when this was the last thread
		lock_give(&process->lock);
	}
	thread_apply_control(caller, REQUEST_KILL);
	return OK;
}
