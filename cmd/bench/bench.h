// SPDX-License-Identifier: MIT
// bench.h - one measured thing: prepared once, stepped count times between markers, put away.
#pragma once

#include "abi/errors.h"
#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

typedef err_t bench_step(u64 argument);

struct bench {
	const char *name;
	u32 count;
	err_t (*_Nullable prepare)(u64 *argument);
	bench_step *step;
	err_t (*_Nullable finish)(u64 argument);
};

u32 bench_count(void); // table.c
const struct bench *bench_at(u32 index);

// A copy of this process that runs run(argument) until it is killed by bench_end.
err_t bench_fork(u64 (*run)(u64 argument), u64 argument, handle_t *process);
err_t bench_end(handle_t process);

void bench_touch(u64 address); // writes to the page
void bench_look(u64 address);  // reads from it

// Each in the file of its noun.
err_t call_prepare(u64 *argument), call_step(u64 argument), call_finish(u64 argument);
err_t other_prepare(u64 *argument), other_finish(u64 argument);
err_t call8_step(u64 argument), call_handle_step(u64 argument), call_lend_step(u64 argument);
err_t null_step(u64 argument), check_prepare(u64 *argument), check_step(u64 argument),
	yield_step(u64 argument), yield_prepare(u64 *argument), yield_finish(u64 argument);
err_t event_prepare(u64 *argument), event_step(u64 argument);
err_t fault_prepare(u64 *argument), fault_step(u64 argument), fault_finish(u64 argument);
err_t read_prepare(u64 *argument), read_step(u64 argument);
err_t fork_prepare(u64 *argument), fork_step(u64 argument);
err_t long_unmap_step(u64 argument), long_unmap_many_step(u64 argument),
	long_replace_step(u64 argument), long_protect_step(u64 argument),
	long_protect_many_step(u64 argument), long_move_step(u64 argument),
	long_discard_step(u64 argument), long_fork_step(u64 argument),
	long_fork_many_step(u64 argument), long_kill_step(u64 argument), long_revoke_step(u64 argument),
	long_clone_step(u64 argument), long_commit_step(u64 argument),
	long_decommit_often_step(u64 argument), long_handles_step(u64 argument),
	long_shrink_step(u64 argument);
err_t futex_prepare(u64 *argument), futex_step(u64 argument), futex_finish(u64 argument);
err_t stream_prepare(u64 *argument), stream_step(u64 argument), stream_finish(u64 argument);

// shared/peers/insn.c looks for these encodings: 0f 1f 80 and 0x5cb00001 or 0x5cb00002.
ALWAYS_INLINE void bench_marker_start(void)
{
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0x5cb00001" ::: "memory");
}
ALWAYS_INLINE void bench_marker_stop(void)
{
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0x5cb00002" ::: "memory");
}

NONNULL_END
