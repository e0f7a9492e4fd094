// SPDX-License-Identifier: MIT
// thread_control.h - steering a thread on its home CPU: kill, suspend, resume, interrupt, notify.
// Requests (sched/request.c) arrive at thread_apply_control, which gets the thread out of what it
// waits for and leaves a note in thread->work; the thread itself acts on the note (thread_do_work)
// when it next leaves the kernel, so that it dies and stops only while it is the current one.
#pragma once

#include "kernel/sched/thread.h"

NONNULL_BEGIN

// Saves what the hardware still holds of a thread of this CPU: struct thread is complete then.
void thread_unload(struct thread *thread);

void thread_apply_control(struct thread *thread, u32 requests);
// The current thread, on leaving the kernel, while thread->work is not 0; clears what it did.
void thread_do_work(struct thread *thread);
// What the call holds is let go, and what it has made so far is put away.
void long_call_end(struct long_call *call);
// The current thread stops here. SIGNAL_SUSPENDED (and signals, for example SIGNAL_FAULTED) is set
// last: who sees it finds registers and float state in the struct, under object.lock.
void thread_stop(struct thread *thread, u32 signals);
// A stopped thread, its registers at rest: STATE otherwise. Holds object.lock from then on.
err_t thread_hold_stopped(struct thread *thread) NO_THREAD_SAFETY_ANALYSIS;

NONNULL_END
