// SPDX-License-Identifier: MIT
// entry.c - every system call but the two fast ones: dispatch, and what its answer means.
#include "kernel/syscall/entry.h"

#include "kernel/arch/arch.h"
#include "kernel/object/grace.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_control.h"
#include "kernel/object/trace.h"
#include "kernel/syscall_table.h"

// What a call that is not simply done asks for.
NO_INLINE static void settle(struct thread *current, err_t err)
{
	// A call that failed has changed nothing: if objects on their way out may be why, it is
	// repeated.
	err = grace_retry(err);
	if (err == SYSCALL_MORE) {
		current->work |= WORK_MORE;
		return;
	}
	if (err == SYSCALL_RESTART) {
		arch_restart_call(current);
		return;
	}
	current->retry_since = 0;
	if (err != SYSCALL_BLOCKED)
		registers_set_error(&current->registers, err);
}

// Done, or refused for good: one comparison each, since every call comes by here.
static bool is_plain(const struct thread *current, err_t err)
{
	return err <= OK && err != ERR_QUOTA && err != ERR_NO_MEMORY && !current->retry_since;
}

static void answer(struct thread *current, err_t err)
{
	if (LIKELY(is_plain(current, err)))
		registers_set_error(&current->registers, err);
	else
		settle(current, err);
}

void syscall_slow(struct thread *current, u64 number)
{
	answer(current, syscall_dispatch(current, &current->registers, number));
}

// Its registers still hold the request (decision 005), and handles are looked up anew.
void syscall_more(struct thread *current)
{
	current->work &= (u8)~WORK_MORE;
	u64 number = registers_number(&current->registers);
	err_t err = syscall_dispatch(current, &current->registers, number);
	if (err != SYSCALL_MORE)
		long_call_end(&current->long_call); // it may have failed before it came to its own end
	answer(current, err);
}

void syscall_traced(struct thread *current, u64 number)
{
	if (!current->is_traced) {
		syscall_slow(current, number);
		return;
	}
	struct trace_record record;
	trace_begin(current, number, &record);
	err_t err = syscall_dispatch(current, &current->registers, number);
	trace_end(current, &record, err);
	answer(current, err);
}
