// SPDX-License-Identifier: MIT
// trace.h - recording the system calls of a process (abi/trace.h). The system call entry asks
// thread->is_traced and then calls these around the dispatcher.
#pragma once

#include "abi/trace.h"
#include "kernel/object/process.h"

NONNULL_BEGIN

void trace_begin(const struct thread *thread, u64 number, struct trace_record *record);
void trace_end(struct thread *thread, struct trace_record *record, err_t result);
// Starts a new trace, or ends it (null). Threads notice by a request.
void trace_set(struct process *process, struct memory *_Nullable memory);

NONNULL_END
