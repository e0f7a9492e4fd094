// SPDX-License-Identifier: MIT
// send.h - signals that arise in the process itself, and looking at what is pending: for pipes,
// timers, signalfd, poll's masks. Asked for by event/ and time/; defined here in signal/.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/linux/signal.h"

NONNULL_BEGIN

// A notification that no signal has: "look at directed and at what is pending for the process".
constexpr u64 POKE = SIGNAL_BIT(SIGKILL);

// To this thread, as if by kill of oneself: SIGPIPE.
void signal_raise(struct posix_thread *self, u32 signal);
// To the process: a thread that does not block it takes it; info->signal, code, ... travel with it.
// Any thread of the library may call, also one that is not the program's (time/'s helper: all its
// notifications are blocked). A real-time signal queues, another one is kept once.
void signal_send_process(const struct linux_siginfo *info);
// The same to one thread (SIGEV_THREAD_ID). False: there is none of this id.
bool signal_send_thread(i32 id, const struct linux_siginfo *info);
// Every thread of the program looks again at what it waits for.
void signal_poke_all(void);

// Pending for this thread or for the process, blocked or not.
u64 signal_pending(struct posix_thread *self);
// Takes the first pending signal of the set, with what came with it: its number, or 0: none.
u32 signal_take(struct posix_thread *self, u64 set, struct linux_siginfo *out);

// A mask for the time of one call (ppoll, sigsuspend): enter saves the program's. leave puts it
// back now; without leave the way out does, after a handler ran with the call's mask in force.
void signal_mask_enter(struct posix_thread *self, u64 mask);
void signal_mask_leave(struct posix_thread *self);

NONNULL_END
