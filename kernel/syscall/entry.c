// SPDX-License-Identifier: MIT
// entry.c - every system call but the two fast ones: dispatch, and what its answer means.
#include "kernel/syscall/entry.h"

#include "kernel/arch/arch.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/object/trace.h"
#include "kernel/syscall_table.h"

static err_t dispatch_traced(struct thread *current, u64 number)
{
	struct trace_record record;
	trace_begin(current, number, &record);
	err_t err = syscall_dispatch(current, &current->registers, number);
	trace_end(current, &record, err);
	return err;
}

void syscall_slow(struct thread *current, u64 number)
{
	err_t err = LIKELY(!current->is_traced)
					? syscall_dispatch(current, &current->registers, number)
					: dispatch_traced(current, number);
	// A call that failed has changed nothing: if objects on their way out may be why, it is repeated.
	if (UNLIKELY(err == ERR_QUOTA || err == ERR_NO_MEMORY))
		err = grace_retry(current->process->quota, err);
	if (err == SYSCALL_RESTART) {
		arch_restart_call(current);
		return;
	}
	current->retry_since = 0;
	if (err != SYSCALL_BLOCKED)
		registers_set_error(&current->registers, err);
}
