// SPDX-License-Identifier: MIT
// entry.h - where the architecture enters the kernel for a system call.
#pragma once

#include "kernel/sched/thread.h"

NONNULL_BEGIN
void syscall_slow(struct thread *current, u64 number);
void syscall_more(struct thread *current); // WORK_MORE: the next part of its long call
void syscall_traced(struct thread *current, u64 number); // records it if the process is traced
NONNULL_END
