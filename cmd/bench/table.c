// SPDX-License-Identifier: MIT
// table.c - what is measured, in the order of docs/bench.md, and the processes that it takes.
#include "abi/signals.h"
#include "cmd/bench/bench.h"
#include "lib/base/err.h"
#include "lib/base/view.h"
#include "lib/os/process.h"
#include "os/syscalls.h"

static const struct bench table[] = {
	{ "null_call", 1000, nullptr, null_step, nullptr },
	{ "handle_check", 1000, check_prepare, check_step, nullptr },
	{ "call_reply", 1000, call_prepare, call_step, call_finish },
	{ "call_reply_8_words", 1000, call_prepare, call8_step, call_finish },
	{ "call_reply_handle", 1000, call_prepare, call_handle_step, call_finish },
	{ "call_reply_lend_4k", 1000, call_prepare, call_lend_step, call_finish },
	{ "call_reply_other_cpu", 1000, other_prepare, call_step, other_finish },
	{ "event_to_port", 1000, event_prepare, event_step, nullptr },
	{ "thread_switch", 1000, yield_prepare, yield_step, yield_finish },
	{ "anonymous_fault", 256, fault_prepare, fault_step, fault_finish },
	{ "memory_read_4k", 1000, read_prepare, read_step, nullptr },
	{ "fork_exit_wait_1m", 50, fork_prepare, fork_step, nullptr },
	{ "futex_round_trip", 1000, futex_prepare, futex_step, futex_finish },
	{ "stream_round_trip", 1000, stream_prepare, stream_step, stream_finish },
	{ "long_unmap", 1, nullptr, long_unmap_step, nullptr },
	{ "long_unmap_many", 1, nullptr, long_unmap_many_step, nullptr },
	{ "long_replace", 1, nullptr, long_replace_step, nullptr },
	{ "long_protect", 1, nullptr, long_protect_step, nullptr },
	{ "long_protect_many", 1, nullptr, long_protect_many_step, nullptr },
	{ "long_move", 1, nullptr, long_move_step, nullptr },
	{ "long_discard", 1, nullptr, long_discard_step, nullptr },
	{ "long_fork", 1, nullptr, long_fork_step, nullptr },
	{ "long_fork_many", 1, nullptr, long_fork_many_step, nullptr },
	{ "long_kill", 1, nullptr, long_kill_step, nullptr },
	{ "long_revoke", 1, nullptr, long_revoke_step, nullptr },
	{ "long_clone", 1, nullptr, long_clone_step, nullptr },
	{ "long_commit", 1, nullptr, long_commit_step, nullptr },
	{ "long_decommit_often", 1, nullptr, long_decommit_often_step, nullptr },
	{ "long_shrink", 1, nullptr, long_shrink_step, nullptr },
	{ "long_handles", 1, nullptr, long_handles_step, nullptr },
};

u32 bench_count(void)
{
	return COUNT(table);
}

const struct bench *bench_at(u32 index)
{
	return &AT(table, index);
}

err_t bench_fork(u64 (*run)(u64 argument), u64 argument, handle_t *process)
{
	handle_t child;
	TRY(process_fork(0, &child));
	if (!child.raw)
		program_exit(run(argument));
	*process = child;
	return OK;
}

err_t bench_end(handle_t process)
{
	u32 observed;
	TRY(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	TRY(object_wait(process, SIGNAL_EXITED, DEADLINE_NEVER, &observed));
	return handle_close(process);
}
