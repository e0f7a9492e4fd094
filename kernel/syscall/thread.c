// SPDX-License-Identifier: MIT
// thread.c - the system calls on threads: checks, then requests to the thread's home CPU. Registers
// are copied while the thread is held at rest (thread_hold_stopped), never while it may run.
#include "kernel/arch/arch.h"
#include "kernel/memory/frame.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

constexpr u64 WEIGHT_MAX = 1024;

static bool is_dead(const struct thread *thread)
{
	return atomic_load_acquire(&thread->state) == THREAD_DEAD;
}

err_t sys_thread_create(struct thread *caller, struct process *_Nullable process, u64 entry,
	u64 stack, u64 argument, u64 block, handle_t *out_thread)
{
	struct program_start start = {
		.entry = entry, .stack = stack, .argument = argument, .block = block
	};
	struct process *owner = process ? process : caller->process;
	struct thread *thread;
	TRY(thread_create(owner, &start, &thread));
	err_t err = handle_install(&caller->process->handles, &thread->object, RIGHTS_ALL, out_thread);
	if (err == OK)
		sched_start(thread);
	else
		thread_discard(thread);
	object_put(&thread->object);
	return err;
}

static err_t set_priority(struct thread *caller, struct thread *thread, u64 priority)
{
	if (priority >= PRIORITY_COUNT)
		return ERR_INVALID;
	if (priority && caller->process->level >= LEVEL_PROGRAM)
		return ERR_RIGHTS; // a program could keep a CPU from everybody
	atomic_store_relaxed(&thread->priority_wanted, (u8)priority);
	request_send(thread, REQUEST_RENICE);
	return OK;
}

static err_t set_weight(struct thread *thread, u64 weight)
{
	if (!weight || weight > WEIGHT_MAX)
		return ERR_INVALID;
	atomic_store_relaxed(&thread->weight_wanted, (u32)weight);
	request_send(thread, REQUEST_RENICE);
	return OK;
}

static err_t set_affinity(struct thread *thread, u64 mask)
{
	if (!(mask & bits_mask(atomic_load_relaxed(&cpu_count))))
		return ERR_INVALID;
	atomic_store_relaxed(&thread->affinity, mask);
	request_send(thread, REQUEST_RENICE);
	return OK;
}

static err_t set_suspended(struct thread *thread, bool is_wanted)
{
	atomic_store_release(&thread->is_suspended, is_wanted); // pairs with apply_suspend
	request_send(thread, is_wanted ? REQUEST_SUSPEND : REQUEST_RESUME);
	return OK;
}

static err_t step(struct thread *thread) NO_THREAD_SAFETY_ANALYSIS
{
	TRY(thread_hold_stopped(thread));
	atomic_store_release(&thread->is_stepping, true); // pairs with go_on
	atomic_store_release(&thread->is_fault_stopped, false);
	// At once, so that a wait for the next stop does not see this one.
	atomic_and_relaxed(&thread->object.signals, ~(SIGNAL_SUSPENDED | SIGNAL_FAULTED));
	lock_give(&thread->object.lock);
	return set_suspended(thread, false);
}

// Of oneself: who has a handle gets no more rights than it gives.
static err_t open(struct thread *caller, u64 *out_result)
{
	handle_t handle;
	u32 lost = OBJECT_UNREACHABLE | OBJECT_TOLD; // by handles, but not by itself
	atomic_swap_if_acq_rel(&caller->object.handles, &lost, 0u);
	err_t err = handle_install(&caller->process->handles, &caller->object, RIGHTS_ALL, &handle);
	if (err == OK)
		*out_result = handle.raw;
	return err == ERR_BAD_HANDLE ? SYSCALL_RESTART : err; // being told on another CPU
}

err_t sys_thread_control(struct thread *caller, struct thread *_Nullable thread,
	enum thread_operation operation, u64 a, [[maybe_unused]] u64 b, u64 *out_result)
{
	struct thread *target = thread ? thread : caller;
	if (is_dead(target))
		return ERR_STATE;
	*out_result = 0;
	switch (operation) {
	case THREAD_OPERATION_SUSPEND: return set_suspended(target, true);
	case THREAD_OPERATION_RESUME: return set_suspended(target, false);
	case THREAD_OPERATION_KILL: request_send(target, REQUEST_KILL); return OK;
	case THREAD_OPERATION_SET_PRIORITY: return set_priority(caller, target, a);
	case THREAD_OPERATION_SET_WEIGHT: return set_weight(target, a);
	case THREAD_OPERATION_SET_AFFINITY: return set_affinity(target, a);
	case THREAD_OPERATION_INTERRUPT: request_send(target, REQUEST_INTERRUPT); return OK;
	case THREAD_OPERATION_STEP: return step(target);
	case THREAD_OPERATION_OPEN: return thread ? ERR_RIGHTS : open(caller, out_result);
	}
	return ERR_INVALID;
}

// A thread in a call or idle in a port, asked to stop, shows the registers it called with.
static bool is_readable(const struct thread *thread)
{
	u8 state = atomic_load_acquire(&thread->state);
	return atomic_load_acquire(&thread->object.signals) & SIGNAL_SUSPENDED &&
	       (state == THREAD_STOPPED || state == THREAD_CALLING || state == THREAD_IDLE);
}

static err_t get(struct thread *thread, struct user_span data, u64 *out_size)
{
	if (!is_readable(thread))
		return ERR_STATE;
	struct thread_registers registers = thread->registers;
	if (data.size >= sizeof registers)
		TRY(user_copy_out(data.address, &registers, sizeof registers));
	*out_size = sizeof registers;
	return OK;
}

static err_t set(
	struct thread *thread, struct user_span data, u64 *out_size) NO_THREAD_SAFETY_ANALYSIS
{
	struct thread_registers registers;
	if (data.size != sizeof registers)
		return ERR_INVALID;
	TRY(user_copy_in(&registers, data.address, sizeof registers));
	TRY(thread_hold_stopped(thread));
	thread->registers = registers;
	registers_sanitize(thread);
	lock_give(&thread->object.lock);
	*out_size = sizeof registers;
	return OK;
}

// The float state goes through a page of its own: it is too large for the kernel's stack.
static err_t get_float(struct thread *thread, struct user_span data, span_t page)
{
	if (!is_readable(thread))
		return ERR_STATE;
	TRY(arch_float_get(thread, page));
	return data.size >= page.size ? user_copy_out(data.address, page.data, page.size) : OK;
}

static err_t set_float(
	struct thread *thread, struct user_span data, span_t page) NO_THREAD_SAFETY_ANALYSIS
{
	if (data.size != page.size)
		return ERR_INVALID;
	TRY(user_copy_in(page.data, data.address, page.size));
	TRY(thread_hold_stopped(thread));
	err_t err = arch_float_set(thread, span_view(page));
	lock_give(&thread->object.lock);
	return err;
}

static err_t access_float(struct thread *thread, bool is_set, struct user_span data, u64 *out_size)
{
	usize size = arch_float_size();
	paddr_t frame;
	if (size > PAGE_SIZE)
		return ERR_UNSUPPORTED;
	TRY(frame_alloc_zeroed(FRAME_KERNEL, &frame));
	span_t page = span_from(frame_address(frame), size);
	err_t err = is_set ? set_float(thread, data, page) : get_float(thread, data, page);
	frame_free(frame, 0);
	if (err == OK)
		*out_size = size;
	return err;
}

err_t sys_thread_registers(struct thread *caller, struct thread *thread,
	enum register_operation operation, struct user_span data, u64 *out_size)
{
	if (thread == caller)
		return ERR_STATE;
	switch (operation) {
	case REGISTER_OPERATION_GET: return get(thread, data, out_size);
	case REGISTER_OPERATION_SET: return set(thread, data, out_size);
	case REGISTER_OPERATION_GET_FLOAT: return access_float(thread, false, data, out_size);
	case REGISTER_OPERATION_SET_FLOAT: return access_float(thread, true, data, out_size);
	}
	return ERR_INVALID;
}

err_t sys_thread_notify(struct thread *caller, struct object *_Nullable object, u64 bits)
{
	if (object && object->kind == OBJECT_PROCESS)
		return process_notify(process_of(object), bits);
	if (object && object->kind != OBJECT_THREAD)
		return ERR_WRONG_TYPE;
	struct thread *target = object ? thread_of(object) : caller;
	if (is_dead(target))
		return ERR_STATE;
	thread_notify(target, bits);
	return OK;
}
