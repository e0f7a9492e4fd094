// SPDX-License-Identifier: MIT
// thread.h - threads of the program and the end of the process, for the rest of the library.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

struct process_clone;
struct core_state; // core/state.h

// Fills the zeroed struct of a thread in a slot: it goes on where self called, with answer 0.
void thread_copy(const struct posix_thread *self, struct posix_thread *child,
	const struct process_clone *clone, u32 slot);
// The policy of scheduling that a new thread or process begins with (policy.c).
void policy_inherit(const struct posix_thread *self, struct posix_thread *child);
// A thread of this process by its id, 0: self. Null: none; then whether another process has it: 0,
// -ESRCH (policy.c).
struct posix_thread *_Nullable thread_find(struct posix_thread *self, i32 id);
i64 thread_elsewhere(i32 id);
i64 thread_may_steer(i32 id); // of another process: 0, -ESRCH, -EPERM
// First steps of a thread that call_clone made; it waits until it is released.
void thread_begin(struct posix_thread *self);
void thread_release(struct posix_thread *child);
// FS base of this thread's program.
void thread_set_fs(struct posix_thread *self, u64 base);
// The robust list of this thread: locks that it still holds become their waiters'.
void thread_release_robust(struct posix_thread *self);

// Waits at several words that other threads had under way before a fork or exec (waitv.c).
void waits_forget(struct core_state *core);

// Orderly end of the process with a wait status (signal in the low bits, or code << 8): locks are
// released, folders let go of what other processes share (exit_NAME), then all threads end.
[[noreturn]] void process_finish(struct posix_thread *self, u32 status);

// What a folder does at the orderly end, if it defines it. Other threads may still run.
typedef void exit_part(struct posix_thread *self);
[[gnu::weak]] exit_part exit_file, exit_event;

NONNULL_END
