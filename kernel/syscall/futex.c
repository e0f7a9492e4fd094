// SPDX-License-Identifier: MIT
// futex.c - system calls on futexes.
#include "kernel/sched/futex.h"

#include "kernel/syscall_table.h"

err_t sys_futex_wait(
	struct thread *caller, u64 address, u32 expected, u64 deadline, struct thread *_Nullable owner)
{
	return futex_wait(caller, address, expected, deadline, owner);
}

err_t sys_futex_wake(
	struct thread *caller, u64 address, u32 count, u64 target, u32 requeue_count, u32 *out_woken)
{
	(void)caller;
	return futex_wake(address, count, target, requeue_count, out_woken);
}
