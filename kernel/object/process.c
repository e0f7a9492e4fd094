// SPDX-License-Identifier: MIT
// process.c - a process's birth, its list of threads, and the beginning of its end: process_kill
// asks all threads to die, the last one to go hands the process to the reaper (reap.c).
// Lock: process->lock over threads, thread_count, is_dying, exit and fault fields.
#include "kernel/object/process.h"

#include "kernel/memory/memory.h"
#include "kernel/memory/space.h"
#include "kernel/object/grace.h"
#include "kernel/object/quota.h"
#include "kernel/object/signal.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

static struct spinlock makers = { .rank = RANK_LEAF }; // over all lists of what was made

static err_t init(struct process *process, struct quota *quota)
{
	lock_init(&process->lock, RANK_PROCESS);
	list_init(&process->made);
	process->house = process->object.id;
	struct thread *current = cpu_self()->current;
	if (current) { // the first process is made by nobody
		struct process *maker = current->process;
		process->maker = atomic_load_relaxed(&maker->house);
		lock_take(&makers);
		list_push_back(&maker->made, &process->made_node);
		lock_give(&makers);
	}
	list_init(&process->threads);
	list_init(&process->alone);
	object_get(&quota->object);
	process->quota = quota;
	return handle_table_init(&process->handles, quota);
}

err_t process_create_bare(
	struct quota *quota, u64 identity, u8 level, struct process *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(grace_await(quota));
	TRY(object_create(OBJECT_PROCESS, sizeof(struct process), quota, &object));
	struct process *process = process_of(object);
	process->identity = identity;
	process->level = level;
	err_t err = init(process, quota);
	if (err != OK) {
		object_put(object);
		return err;
	}
	*out = process;
	return OK;
}

void process_abandon(struct process *process)
{
	process_kill(process, 0, EXIT_KILLED); // the reaper takes what was built
	object_put(&process->object);
}

err_t process_create(
	struct quota *quota, u64 identity, u8 level, struct process *_Nullable *_Nonnull out)
{
	struct process *process;
	TRY(process_create_bare(quota, identity, level, &process));
	err_t err = space_create(quota, &process->space);
	if (err != OK) {
		process_abandon(process);
		return err;
	}
	*out = process;
	return OK;
}

void process_end(struct process *process)
{
	struct cpu *cpu = cpu_self();
	object_get(&process->object);
	grace_count(process->object.quota, 1);
	list_push_back(&cpu->reap, &process->reap_node);
	cpu->reschedule |= RESCHEDULE_WORK;
}

void process_ask(struct process *process, u32 requests, struct thread *_Nullable except)
{
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		if (thread != except)
			thread->asked |= requests;
	}
}

// The next thread with something to be sent goes to the back of the list, so that the search
// begins with those that are left. A reference is the caller's.
static struct thread *_Nullable take_asked(struct process *process, u32 *requests)
	REQUIRES(process->lock)
{
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		if (!thread->asked)
			continue;
		*requests = thread->asked;
		thread->asked = 0;
		list_remove(node);
		list_push_back(&process->threads, node);
		object_get(&thread->object);
		return thread;
	}
	return nullptr;
}

void process_send_asked(struct process *process)
{
	for (;;) {
		u32 requests = 0;
		lock_take(&process->lock);
		struct thread *thread = take_asked(process, &requests);
		lock_give(&process->lock);
		if (!thread)
			return;
		request_send(thread, requests);
		object_put(&thread->object);
	}
}

void process_request(struct process *process, u32 requests)
{
	lock_take(&process->lock);
	process_ask(process, requests, nullptr);
	lock_give(&process->lock);
	process_send_asked(process);
}

static bool claim_estate(struct process *process) REQUIRES(process -> lock)
{
	bool has_estate = process->has_estate;
	process->has_estate = false;
	if (has_estate)
		atomic_store_relaxed(&process->keeps_handles, false);
	return has_estate;
}

void process_kill(struct process *process, u64 code, enum exit_reason reason)
{
	lock_take(&process->lock);
	bool is_first = !process->is_dying;
	bool has_estate = claim_estate(process);       // killed once more, it loses that too
	bool has_threads = process->thread_count != 0; // none joins a dying process
	if (is_first) {
		process_ask(process, REQUEST_KILL, nullptr);
		process->is_dying = true;
		process->exit_code = code;
		process->exit_reason = reason;
	}
	lock_give(&process->lock);
	if (has_estate || (is_first && !has_threads))
		process_end(process); // the reaper begins, or takes up where it stopped
	else if (is_first)
		process_send_asked(process);
}

// exec waits in process->alone until it has the process to itself.
static void wake_alone(struct process *process)
{
	lock_take(&process->object.lock);
	struct list_node *node = list_pop_front(&process->alone);
	lock_give(&process->object.lock);
	if (node)
		wait_wake(container_of(node, struct thread, wait.node), SYSCALL_RESTART);
}

// SIGNAL_ALONE says that the count is 1; changed under the lock that guards the count.
static void show_count(struct process *process, struct signal_batch *batch)
	REQUIRES(process -> lock)
{
	bool is_alone = process->thread_count == 1;
	signal_change(
		&process->object, is_alone ? 0 : SIGNAL_ALONE, is_alone ? SIGNAL_ALONE : 0, batch);
}

void thread_look_at_process(struct thread *thread)
{
	struct process *process = thread->process;
	thread->is_traced = atomic_load_relaxed(&process->trace) != nullptr;
	thread->reflection = atomic_load_relaxed(&process->reflection);
	thread->entry_slow = thread->is_traced || thread->reflection;
}

err_t process_add_thread(struct process *process, struct thread *thread)
{
	struct signal_batch batch = {};
	lock_take(&process->lock);
	bool is_alive = !process->is_dying;
	if (is_alive) {
		object_get(&thread->object); // dropped by thread_die or thread_discard
		list_push_back(&process->threads, &thread->process_node);
		process->thread_count++;
		thread_look_at_process(thread);
		thread->is_suspended = process->is_suspended;
		thread->work = process->is_suspended ? WORK_SUSPEND : 0;
		show_count(process, &batch);
	}
	lock_give(&process->lock);
	signal_deliver(&batch);
	return is_alive ? OK : ERR_STATE;
}

void process_remove_thread(struct process *process, struct thread *thread, bool has_died)
{
	struct signal_batch batch = {};
	lock_take(&process->lock);
	list_remove(&thread->process_node);
	u32 left = --process->thread_count;
	process->cpu_ns += entity_ran_ns(&thread->own);
	bool is_end = !left && (has_died || process->is_dying || process->is_lost);
	if (is_end && !process->is_dying) {
		process->is_dying = true;
		process->exit_reason = EXIT_RETURNED;
	}
	show_count(process, &batch);
	lock_give(&process->lock);
	signal_deliver(&batch);
	if (left == 1)
		wake_alone(process);
	if (is_end)
		process_end(process);
}

// No handle to it is left, or who made it is gone: nobody can inherit from it, and without threads
// it will never run.
static void let_go(struct object *object)
{
	struct process *process = process_of(object);
	lock_take(&process->lock);
	bool is_empty = process->thread_count == 0;
	process->is_lost = true;
	atomic_store_relaxed(&process->keeps_handles, process->has_estate);
	lock_give(&process->lock);
	if (is_empty)
		process_kill(process, 0, EXIT_KILLED);
}

bool process_release_made(struct process *maker, u32 count)
{
	while (count--) {
		struct process *made = nullptr;
		lock_take(&makers);
		struct list_node *node = list_pop_front(&maker->made);
		if (node)
			made = container_of(node, struct process, made_node);
		bool is_alive = made && object_try_get(&made->object);
		lock_give(&makers);
		if (!made)
			return true;
		if (is_alive) {
			let_go(&made->object);
			object_put(&made->object);
		}
	}
	return false;
}

bool process_is_made_by(const struct process *process, const struct thread *caller)
{
	return process->maker == atomic_load_relaxed(&caller->process->house);
}

err_t process_inherit(struct thread *caller, struct process *heir, struct process *dead)
{
	struct handle_table moving = { .quota = dead->quota };
	lock_take(&dead->lock); // nobody else claims it meanwhile
	err_t err = dead->has_estate ? OK : ERR_STATE;
	if (err == OK && (!process_is_made_by(heir, caller) || !process_is_made_by(dead, caller)))
		err = ERR_RIGHTS; // so that no circle of makers comes to be
	if (err == OK)
		handle_table_swap(&dead->handles, &moving);
	lock_take(&heir->handles.lock); // if it dies now, all of this is there when it is reaped
	if (err == OK)
		err = handle_table_move(&moving, &heir->handles);
	if (err == OK) {
		claim_estate(dead); // with nothing left to drain
		lock_take(&makers);
		list_append(&heir->made, &dead->made);
		atomic_store_relaxed(&heir->house, dead->house);
		lock_give(&makers);
	}
	lock_give(&heir->handles.lock);
	if (moving.chunks)
		handle_table_swap(&dead->handles, &moving); // back
	lock_give(&dead->lock);
	return err;
}

static void destroy(struct object *object)
{
	struct process *process = process_of(object);
	lock_take(&makers);
	if (list_node_is_linked(&process->made_node))
		list_remove(&process->made_node);
	lock_give(&makers);
	if (process->space)
		space_put(process->space); // drained by the reaper
	if (process->quota)
		object_put(&process->quota->object);
}

const struct object_class process_class = {
	.size = sizeof(struct process),
	.unreachable = let_go,
	.destroy = destroy,
};
