// SPDX-License-Identifier: MIT
// fork.c - a second process like the caller's: address space copy-on-write, handles, and one thread
// with the caller's registers that returns from the same call. Nothing runs before all is built.
#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_block.h"
#include "kernel/object/thread_control.h"
#include "kernel/object/thread_local.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

static err_t copy_registers(struct thread *from, struct thread *to)
{
	TRY(arch_thread_clone(from, to));
	registers_set_error(&to->registers, OK);
	registers_result(&to->registers, 0, HANDLE_NONE.raw);
	to->affinity = atomic_load_relaxed(&from->affinity);
	to->weight_wanted = atomic_load_relaxed(&from->weight_wanted);
	to->priority_wanted = atomic_load_relaxed(&from->priority_wanted);
	entity_renice(&to->own);
	atomic_store_relaxed(&to->block->pending, 0); // notifications were for the parent
	atomic_store_relaxed(&to->block->cancelled, 0u);
	return OK;
}

static err_t fork_thread(
	struct thread *caller, struct process *child, struct thread *_Nullable *_Nonnull out)
{
	struct block_pin pin;
	TRY(block_pin(child->space, caller->block_address, &pin));
	struct thread *thread;
	err_t err = thread_create_bare(child, &pin, &thread);
	if (err != OK) {
		block_unpin(&pin);
		return err;
	}
	err = copy_registers(caller, thread);
	if (err == OK)
		err = process_add_thread(child, thread);
	if (err != OK) {
		object_put(&thread->object);
		return err;
	}
	*out = thread;
	return OK;
}

static err_t fill_child(
	struct thread *caller, struct process *child, struct thread *_Nullable *_Nonnull thread)
{
	if (!child->handles.limit) // not yet
		TRY(space_fork(caller->process->space, child->quota, &caller->long_call, &child->space));
	child->reflection = atomic_load_relaxed(&caller->process->reflection);
	TRY(handle_clone_table(&caller->process->handles, &child->handles));
	return fork_thread(caller, child, thread);
}

// Until it is whole the child is the long call's, and goes with it.
static err_t finish_part(struct long_call *call, err_t err, struct process *_Nullable *_Nonnull out)
{
	if (err == OK) {
		*out = process_of(call->made);
		call->made = nullptr;
	} else if (err != SYSCALL_MORE) {
		long_call_end(call);
	}
	return err;
}

err_t process_fork(struct thread *caller, u64 identity, struct process *_Nullable *_Nonnull child,
	struct thread *_Nullable *_Nonnull thread)
{
	struct process *parent = caller->process;
	struct long_call *call = &caller->long_call;
	struct process *process;
	if (!call->made) {
		TRY(process_create_bare(parent->quota, identity, parent->level, &process));
		call->made = &process->object;
	}
	return finish_part(call, fill_child(caller, process_of(call->made), thread), child);
}

err_t process_lend(struct thread *caller, struct quota *quota, u64 identity, u8 level,
	struct process *_Nullable *_Nonnull child)
{
	struct process *parent = caller->process;
	struct long_call *call = &caller->long_call;
	struct process *process;
	if (!call->made) {
		TRY(process_create_bare(quota, identity, level, &process));
		call->made = &process->object;
		atomic_add_relaxed(&parent->space->users, 1u);
		process->space = parent->space;
		process->reflection = atomic_load_relaxed(&parent->reflection);
	}
	process = process_of(call->made);
	return finish_part(call, handle_clone_table(&parent->handles, &process->handles), child);
}
