// SPDX-License-Identifier: MIT
// signal.h - signals, for the rest of the library beside send.h: masks, forced signals, exec.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/linux/signal.h"

NONNULL_BEGIN

// The program's mask of this thread; what is pending and no longer blocked comes on the way out.
void signal_mask_set(struct posix_thread *self, u64 mask);
// What self->mask means for the kernel; again after the number of threads changed.
void signal_mask_apply(struct posix_thread *self);

// A signal that cannot be put off: blocked or ignored, it ends the process (faults).
void signal_force(struct posix_thread *self, const struct linux_siginfo *info);
// Ends the process as the default action of a signal does.
[[noreturn]] void signal_die(struct posix_thread *self, u32 signal);

// Not blocked, and its action is not nothing: would end a wait.
u64 signal_due(struct posix_thread *self);
// What is pending for the process, and blocked here, may concern another thread: it is told.
void signal_forward(struct posix_thread *self);
// Empties the thread's mailbox.
void signal_collect(struct posix_thread *self);

// Last of all for a thread: what it could have taken is passed on.
void signal_thread_ends(struct posix_thread *self);
i64 signal_stack_set(struct posix_thread *self, const struct linux_stack *wanted);
struct linux_stack signal_stack_get(const struct posix_thread *self);

// fork's child: nothing is pending.
void fork_child_signal(struct posix_thread *self);
i64 fork_before_signal(struct posix_thread *self);
void fork_parent_signal(struct posix_thread *self, bool has_child);
// exec: handlers become the default action.
void exec_reset_actions(void);
// The size of what XSAVE writes, once for a process.
void signal_float_find(void);
i64 signal_float_reset(void); // to what a fresh program has

NONNULL_END
