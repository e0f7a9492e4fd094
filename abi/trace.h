// SPDX-License-Identifier: MIT
// trace.h - what process_control(trace) makes the kernel write into a memory object: one record for
// each system call, in a ring behind a header. The reader waits on nothing: it looks at `written`.
#pragma once

#include "abi/types.h"

struct trace_header {
	u64 written; // records since the trace began; record n stands at n % capacity
	u64 reserved[7];
};
static_assert(sizeof(struct trace_header) == 64);

struct trace_record {
	u64 number;
	u64 arguments[6];
	i64 result;  // err_t; 1: the call waited, its result came later
	u64 time_ns; // when it was made
	u64 thread_id;
};
static_assert(sizeof(struct trace_record) == 80);
// capacity = (size of the memory - sizeof header) / sizeof record
