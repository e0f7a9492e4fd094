// SPDX-License-Identifier: MIT
// signal_local.h - what the files of signal/ share.
#pragma once

#include "lib/posix/core/posix.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/signal/signal.h"

NONNULL_BEGIN

constexpr u64 SIGNALS_SYNCHRONOUS = SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGBUS) |
                                    SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGSYS);
constexpr u64 SIGNALS_NEVER_BLOCKED = SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP);
constexpr u64 SIGNALS_STOP =
	SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU);
constexpr u64 SIGNALS_DEFAULT_NOTHING =
	SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH);

static inline struct actions *actions_self(void)
{
	return &posix_self()->actions;
}

// frame.c: puts a frame on the program's stack and lets it go on in the handler. false: no place.
bool frame_push(struct posix_thread *self, const struct linux_sigaction *action,
	const struct linux_siginfo *info);
// restart.c: before the first handler runs, and when none did.
void restart_before_handler(struct posix_thread *self, u64 action_flags);
void restart_without_handler(struct posix_thread *self);

NONNULL_END
