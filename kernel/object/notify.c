// SPDX-License-Identifier: MIT
// notify.c - a notification for a process: one of its threads gets it, if there is one, one that
// does not hold it back. Blocks are the program's memory: what they say is only a preference.
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

void thread_notify(struct thread *thread, u64 bits)
{
	atomic_or_acq_rel(&thread->notified, bits); // pairs with apply_notify
	request_send(thread, REQUEST_NOTIFY);
}

static bool is_open(const struct thread *thread, u64 bits)
{
	return bits & ~atomic_load_relaxed(&thread->block->blocked);
}

// With a reference. The first thread, if all hold it back: its program looks further.
static struct thread *_Nullable choose(struct process *process, u64 bits)
{
	struct thread *_Nullable chosen = nullptr;
	lock_take(&process->lock);
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		if (atomic_load_acquire(&thread->state) == THREAD_DEAD)
			continue;
		if (is_open(thread, bits)) {
			chosen = thread;
			break;
		}
		if (!chosen)
			chosen = thread;
	}
	if (chosen)
		object_get(&chosen->object);
	lock_give(&process->lock);
	return chosen;
}

err_t process_notify(struct process *process, u64 bits)
{
	struct thread *thread = choose(process, bits);
	if (!thread)
		return ERR_STATE;
	thread_notify(thread, bits);
	object_put(&thread->object);
	return OK;
}
