// SPDX-License-Identifier: MIT
// thread_local.h - what fork.c and the upcall files share with thread.c.
#pragma once

#include "kernel/sched/thread.h"

NONNULL_BEGIN

struct block_pin;

// A thread object without registers, not yet in the process's list. Takes the pin over on OK.
err_t thread_create_bare(
	struct process *process, const struct block_pin *pin, struct thread *_Nullable *_Nonnull out);

// Does a debugger wait for faults of this process, or has it bound them to a port?
bool process_is_watched(struct process *process);

// Enters the program's upcall. False: it has none, or the frame is in use.
bool upcall_enter(struct thread *thread, u64 cause, u64 address, u64 detail);

NONNULL_END
