// SPDX-License-Identifier: MIT
// notify.c - a notification for a process: a thread gets it that does not hold it back, if there
// is one. Blocks are the program's memory: what they say is only a preference.
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

void thread_notify(struct thread *thread, u64 bits)
{
	atomic_or_acq_rel(&thread->notified, bits); // pairs with apply_notify
	request_send(thread, REQUEST_NOTIFY);
}

// Its process is locked.
static u64 ask(struct thread *thread, u64 bits)
{
	if (bits)
		thread->asked |= REQUEST_NOTIFY;
	atomic_or_acq_rel(&thread->notified, bits); // pairs with apply_notify
	return bits;
}

// What all hold back goes to any: its program looks further.
err_t process_notify(struct process *process, u64 bits)
{
	struct thread *any = nullptr;
	lock_take(&process->lock);
	LIST_EACH(node, &process->threads) {
		struct thread *thread = container_of(node, struct thread, process_node);
		if (atomic_load_acquire(&thread->state) == THREAD_DEAD)
			continue;
		any = any ? any : thread;
		bits &= ~ask(thread, bits & ~atomic_load_relaxed(&thread->block->mask));
	}
	if (any)
		ask(any, bits);
	lock_give(&process->lock);
	process_send_asked(process);
	return any ? OK : ERR_STATE;
}
