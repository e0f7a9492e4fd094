// SPDX-License-Identifier: MIT
// object.c - system calls that work on any object: its event bits, waiting for them, revocation.
#include "kernel/object/object.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/memory.h"
#include "kernel/object/interrupt.h"
#include "kernel/object/process.h"
#include "kernel/object/signal.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall_table.h"

err_t sys_object_revoke(struct thread *caller, struct object *target, handle_t target_handle)
{
	struct long_call *call = &caller->long_call;
	if (!call->done) // the epoch moves on once, then the tables of all mappings are cleared
		TRY(handle_revoke_others(&caller->process->handles, target_handle));
	call->done = target->kind == OBJECT_MEMORY && !memory_unmap_revoked(memory_of(target));
	if (call->done)
		return SYSCALL_MORE;
	signal_restart_waiters(target);
	return OK;
}

// Bits that a program may clear beside the service's: what it has seen and wants to see again.
static u32 clearable(const struct object *object)
{
	if (object->kind == OBJECT_INTERRUPT)
		return SIGNAL_RAISED;
	return object->kind == OBJECT_TIMER ? SIGNAL_FIRED : 0;
}

err_t sys_object_signal(struct thread *caller, struct object *target, u32 clear, u32 set)
{
	(void)caller;
	if (!(clear | set))
		return OK;
	bool is_connection = target->kind == OBJECT_CONNECTION;
	if (!is_connection && (set & SIGNAL_KERNEL || clear & SIGNAL_KERNEL & ~clearable(target)))
		return ERR_INVALID;
	if (target->kind == OBJECT_INTERRUPT && clear & SIGNAL_RAISED) {
		interrupt_acknowledge(interrupt_of(target));
		clear &= ~(u32)SIGNAL_RAISED; // it may be raised again by now
	}
	object_signal(target, clear, set);
	return OK;
}

static err_t sleep(struct thread *caller, u64 deadline)
{
	if (deadline && deadline > clock_now())
		return wait_park(caller, WAIT_SLEEP, nullptr, nullptr, deadline);
	sched_yield();
	return OK;
}

err_t sys_object_wait(struct thread *caller, struct object *_Nullable target, u32 bits,
	u64 deadline, u32 *out_observed) NO_THREAD_SAFETY_ANALYSIS
{
	if (!target)
		return sleep(caller, deadline);
	if (!bits)
		return ERR_INVALID;
	lock_take(&target->lock);
	u32 observed = target->signals & bits;
	if (!observed && deadline)
		return signal_wait(caller, WAIT_OBJECT, target, bits, deadline);
	lock_give(&target->lock);
	*out_observed = observed;
	return observed ? OK : ERR_TIMED_OUT;
}
