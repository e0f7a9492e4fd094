// SPDX-License-Identifier: MIT
// futex.c - one word passed back and forth: between two threads by futex, between two processes by
// a stream.
#include "cmd/bench/bench.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"
#include "lib/os/thread.h"
#include "os/syscalls.h"

enum turn : u32 { TURN_MINE, TURN_THEIRS, TURN_OVER };

static u32 turn; // atomic, futex
static struct worker worker;

static void pass(u32 to)
{
	u32 woken;
	atomic_store_seq_cst(&turn, to);
	(void)futex_wake((u64)&turn, 1, 0, 0, &woken);
}

static void wait_while(u32 value)
{
	while (atomic_load_seq_cst(&turn) == value)
		(void)futex_wait((u64)&turn, value, DEADLINE_NEVER, HANDLE_NONE);
}

static u64 answer(void *_Nullable argument)
{
	(void)argument;
	for (;;) {
		wait_while(TURN_MINE);
		if (atomic_load_seq_cst(&turn) == TURN_OVER)
			return 0;
		pass(TURN_MINE);
	}
}

err_t futex_prepare(u64 *argument)
{
	*argument = 0;
	turn = TURN_MINE;
	return worker_start(&worker, answer, nullptr);
}

err_t futex_step(u64 argument)
{
	(void)argument;
	pass(TURN_THEIRS);
	wait_while(TURN_THEIRS);
	return OK;
}

err_t futex_finish(u64 argument)
{
	(void)argument;
	pass(TURN_OVER);
	return worker_join(&worker, DEADLINE_NEVER);
}

static handle_t mine, theirs, echoer;

static u64 echo(u64 stream)
{
	u8 byte[1];
	u64 done;
	u32 handles;
	handle_t handle = { (u32)stream };
	while (stream_read(handle, span_of(byte), DEADLINE_NEVER, &done, &handles) == OK && done)
		if (stream_write(handle, view_of(byte), DEADLINE_NEVER, 0, &done) != OK)
			return 1;
	return 0;
}

err_t stream_prepare(u64 *argument)
{
	*argument = 0;
	TRY(stream_create(PAGE_SIZE, STREAM_FLAGS_TWO_WAY, &mine, &theirs));
	return bench_fork(echo, theirs.raw, &echoer);
}

err_t stream_step(u64 argument)
{
	u8 byte[1] = { 1 };
	u64 done;
	u32 handles;
	(void)argument;
	TRY(stream_write(mine, view_of(byte), DEADLINE_NEVER, 0, &done));
	return stream_read(mine, span_of(byte), DEADLINE_NEVER, &done, &handles);
}

err_t stream_finish(u64 argument)
{
	(void)argument;
	TRY(bench_end(echoer));
	TRY(handle_close(mine));
	return handle_close(theirs);
}
