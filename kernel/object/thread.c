// SPDX-License-Identifier: MIT
// thread.c - a thread's birth and death. A thread object has one reference for being alive, which
// thread_die drops, besides those of handles, requests and calls. Steering: thread_control.c.
#include "kernel/sched/thread.h"

#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_block.h"
#include "kernel/object/thread_control.h"
#include "kernel/object/thread_local.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

constexpr u32 WEIGHT_USUAL = 100;

err_t thread_create_bare(
	struct process *process, const struct block_pin *pin, struct thread *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_THREAD, sizeof(struct thread), process->quota, &object));
	struct thread *thread = thread_of(object);
	object_get(&process->object);
	thread->process = process;
	thread->home = cpu_self()->id;
	thread->id = object->id;
	thread->affinity = UINT64_MAX;
	thread->weight_wanted = WEIGHT_USUAL;
	thread->timer.fire = thread_timer_fired;
	entity_init(&thread->own, thread);
	if (cpu_self()->entity) // behind its maker, which has something to do for it first
		thread->own.vruntime = cpu_self()->entity->vruntime + SLICE_NS / 8;
	thread_take_block(thread, pin);
	*out = thread;
	return OK;
}

err_t thread_create(struct process *process, const struct program_start *start,
	struct thread *_Nullable *_Nonnull out)
{
	bool has_stack = start->stack != 0; // its top may be the first address behind user memory
	if (!arch_address_is_user(start->entry) ||
		(has_stack && !arch_address_is_user(start->stack - 1)))
		return ERR_FAULT;
	struct block_pin pin;
	struct space *space;
	lock_take(&process->lock);
	bool is_dying = process->is_dying;
	lock_give(&process->lock);
	if (is_dying)
		return ERR_STATE; // and not that its memory is gone
	TRY(process_space(process, &space));
	TRY(block_pin(space, start->block, &pin));
	struct thread *thread;
	err_t err = thread_create_bare(process, &pin, &thread);
	if (err != OK) {
		block_unpin(&pin);
		return err;
	}
	err = arch_thread_init(thread, start->entry, start->stack, start->argument);
	if (err == OK)
		err = process_add_thread(process, thread);
	if (err == OK)
		*out = thread;
	else
		object_put(&thread->object);
	return err;
}

void thread_discard(struct thread *thread)
{
	thread->state = THREAD_DEAD;
	process_remove_thread(thread->process, thread, false);
	object_put(&thread->object);
}

// Handles of a message that it did not live to take: nobody would find them in its estate.
static void drop_untaken(struct thread *thread)
{
	struct thread_block *block = thread->block;
	for (u32 i = 0; i < MESSAGE_HANDLES && i < atomic_load_relaxed(&block->handle_count); i++) {
		handle_t untaken = { atomic_load_relaxed(&AT(block->handle, i).raw) };
		(void)handle_close(&thread->process->handles, untaken);
	}
}

void thread_die(struct thread *thread)
{
	long_call_end(&thread->long_call);
	if (atomic_load_relaxed(&thread->process->keeps_handles))
		drop_untaken(thread);
	call_drop(thread);
	sched_forget(thread);
	atomic_store_release(&thread->state, (u8)THREAD_DEAD); // pairs with thread_registers
	process_remove_thread(thread->process, thread, true);
	object_signal(&thread->object, SIGNAL_SUSPENDED | SIGNAL_FAULTED, SIGNAL_EXITED);
	object_put(&thread->object);
}

static void destroy(struct object *object)
{
	struct thread *thread = thread_of(object);
	arch_thread_fini(thread);
	thread_give_block(thread);
	object_put(&thread->process->object);
}

const struct object_class thread_class = {
	.size = sizeof(struct thread),
	.destroy = destroy,
};
