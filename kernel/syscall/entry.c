// SPDX-License-Identifier: MIT
// entry.c - every system call but the two fast ones: dispatch, and what its answer means.
#include "kernel/arch/arch.h"
#include "kernel/object/trace.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/entry.h"
#include "kernel/syscall_table.h"

void syscall_slow(struct thread *current, u64 number)
{
	struct thread_registers *regs = &current->registers;
	if (current->work & WORK_TRACE)
		trace_enter(current, number);
	err_t err = syscall_dispatch(current, regs, number);
	if (err == SYSCALL_RESTART)
		arch_restart_call(current);
	else if (err != SYSCALL_BLOCKED)
		registers_set_error(regs, err);
	if (current->work & WORK_TRACE)
		trace_leave(current, number);
}
