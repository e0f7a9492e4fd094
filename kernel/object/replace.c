// SPDX-License-Identifier: MIT
// replace.c - exec: the caller's process takes over the address space of an image process that has
// no threads, and goes on as its only thread at the image's entry. The image leaves with the old
// address space and is reaped like any dead process. All checks come before the other threads are
// asked to die; the wait for that ends in a restart of the call.
#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_block.h"
#include "kernel/object/thread_control.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

// Once it is claimed no thread can enter the image, and nobody else can take it.
static bool image_is_usable(struct process *image, bool is_claimed)
{
	lock_take(&image->lock);
	bool is_usable = !image->is_dying && !image->thread_count;
	if (is_usable && is_claimed) {
		image->is_dying = true;
		image->exit_reason = EXIT_RETURNED;
	}
	lock_give(&image->lock);
	return is_usable;
}

// OK: the caller is the only thread. Otherwise the others are asked to die, and the caller parks.
// ERR_BUSY: another thread came first, and we have been asked to die.
static err_t wait_alone(struct thread *caller) NO_THREAD_SAFETY_ANALYSIS
{
	struct process *process = caller->process;
	lock_take(&process->lock);
	lock_take(&process->object.lock);
	if (process->thread_count == 1 || !list_is_empty(&process->alone)) {
		err_t err = process->thread_count == 1 ? OK : ERR_BUSY;
		lock_give(&process->object.lock);
		lock_give(&process->lock);
		return err;
	}
	process_ask(process, REQUEST_KILL, caller);
	list_push_back(&process->alone, &caller->wait.node); // who makes us alone finds us waiting
	lock_give(&process->lock);
	err_t err =
		wait_park(caller, WAIT_ALONE, &process->object, &process->object.lock, DEADLINE_NEVER);
	process_send_asked(process);
	return err;
}

static void swap_spaces(struct process *process, struct process *image)
{
	struct space *old = process->space;
	atomic_store_release(&process->space, image->space);
	atomic_store_release(&image->space, old);
}

// Notifications that came for the old program stay pending for the new one.
static void change_block(struct thread *caller, const struct block_pin *pin)
{
	u64 pending = atomic_load_seq_cst(&caller->block->pending);
	lock_take(&caller->process->lock); // who notifies the process looks into the block
	thread_take_block(caller, pin);
	lock_give(&caller->process->lock);
	atomic_or_seq_cst(&caller->block->pending, pending);
}

static void begin_anew(struct thread *caller, const struct program_start *start)
{
	thread_unload(caller);
	arch_thread_fini(caller);
	err_t err = arch_thread_init(caller, start->entry, start->stack, start->argument);
	if (err != OK)
		process_kill(caller->process, (u64)(i64)err, EXIT_KILLED);
	caller->is_fault_stopped = false;
	sched_switch_to(caller); // loads its registers and the new tables
}

err_t process_replace(
	struct thread *caller, struct process *image, const struct program_start *start)
{
	struct process *process = caller->process;
	if (image == process || caller->caller || !image_is_usable(image, false))
		return ERR_STATE;
	if (!arch_address_is_user(start->entry) || !arch_address_is_user(start->stack - 1))
		return ERR_FAULT;
	struct block_pin pin;
	struct space *space;
	TRY(process_space(image, &space));
	TRY(block_pin(space, start->block, &pin));
	err_t err = wait_alone(caller);
	if (err == OK && !image_is_usable(image, true))
		err = ERR_STATE;
	if (err != OK) {
		block_unpin(&pin);
		return err;
	}
	swap_spaces(process, image);
	process->reflection = atomic_load_relaxed(&image->reflection);
	thread_look_at_process(caller);
	change_block(caller, &pin);
	begin_anew(caller, start);
	process_end(image);
	return SYSCALL_BLOCKED; // the registers are the new program's
}
