// SPDX-License-Identifier: MIT
// timer.c - system calls on timers.
#include "kernel/object/timer.h"

#include "kernel/object/process.h"
#include "kernel/sched/thread.h"
#include "kernel/syscall_table.h"
#include "lib/base/err.h"

constexpr u32 TIMER_RIGHTS = RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

err_t sys_timer_create(struct thread *caller, handle_t *out_timer)
{
	struct timer *timer;
	TRY(timer_create(caller->process->quota, &timer));
	return handle_install_take(&caller->process->handles, &timer->object, TIMER_RIGHTS, out_timer);
}

err_t sys_timer_set(struct thread *caller, struct timer *timer, u64 deadline, u64 period)
{
	(void)caller;
	return timer_set(timer, deadline, period);
}
