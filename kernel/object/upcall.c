// SPDX-License-Identifier: MIT
// upcall.c - entering the program's own handler (abi/thread.h): for notifications on the way out of
// the kernel, for faults at once. The block is the program's memory: each value is read once and
// believed only after a check; only the thread's home CPU writes to it.
#include "kernel/arch/arch.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_local.h"
#include "lib/base/atomic.h"

bool upcall_enter(struct thread *thread, u64 cause, u64 address, u64 detail)
{
	struct thread_block *block = thread->block;
	if (!atomic_load_relaxed(&block->entry) || atomic_load_relaxed(&block->frame.cause))
		return false;
	u64 blocked = atomic_exchange_seq_cst(&block->blocked, UINT64_MAX);
	arch_upcall(thread, cause, address, detail);
	atomic_store_relaxed(&block->frame.blocked, blocked);
	return true;
}

void thread_deliver(struct thread *thread)
{
	struct thread_block *block = thread->block;
	thread->work &= (u8)~WORK_NOTIFY;
	u64 due = atomic_load_seq_cst(&block->pending) & ~atomic_load_seq_cst(&block->blocked);
	if (due && upcall_enter(thread, UPCALL_NOTIFICATION, 0, due))
		atomic_and_seq_cst(&block->pending, ~due);
}
