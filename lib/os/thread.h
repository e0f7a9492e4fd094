// SPDX-License-Identifier: MIT
// thread.h - more threads in this process. Each has one mapping: a guard page, its stack, and on
// the last page its thread block.
#pragma once

#include "abi/errors.h"
#include "abi/thread.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

constexpr u64 THREAD_STACK_SIZE = 64 * 1024;

struct worker {
	handle_t handle; // owned
	u64 stack, size; // its mapping, owned
	u32 running;     // atomic, futex: 1 until it has ended
	u64 (*_Nullable run)(void *_Nullable argument);
	void *_Nullable argument;
	u64 result; // of run, once ended
};

// Starts run(argument) in a thread of its own. worker stays in place until worker_join.
err_t worker_start(
	struct worker *worker, u64 (*run)(void *_Nullable argument), void *_Nullable argument);
// Waits for its end (deadline: ERR_TIMED_OUT) and releases stack and handle.
err_t worker_join(struct worker *worker, u64 deadline);
// Ends it where it is; then join.
err_t worker_kill(struct worker *worker);

NONNULL_END
