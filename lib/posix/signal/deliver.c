// SPDX-License-Identifier: MIT
// deliver.c - the way out of the library when something is to be done: each signal that is pending
// and not blocked is acted upon, handlers by frames one on the other; then a call that a signal
// ended is made again, if no handler ran.
#include "lib/base/atomic.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/log.h"
#include "lib/posix/core/trace.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/crash.h"
#include "lib/posix/signal/signal_local.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

constexpr u64 FLAGS_AFTER_CALL = 0x202;

[[noreturn]] void signal_die(struct posix_thread *self, u32 signal)
{
	process_finish(self, signal);
}

void signal_force(struct posix_thread *self, const struct linux_siginfo *info)
{
	struct actions *actions = actions_self();
	u64 bit = SIGNAL_BIT(info->signal);
	posix_lock_take(&actions->lock);
	struct linux_sigaction *action = &AT(actions->action, (u32)info->signal - 1);
	if (self->mask & bit || action->handler == SIG_IGN)
		action->handler = SIG_DFL;
	posix_lock_give(&actions->lock);
	self->mask &= ~bit;
	self->forced = *info;
	self->has_forced = true;
}

static u32 next_signal(struct posix_thread *self, struct linux_siginfo *info)
{
	if (!self->has_forced)
		return signal_take(self, ~self->mask, info);
	self->has_forced = false;
	*info = self->forced;
	return (u32)info->signal;
}

static void act_by_default(struct posix_thread *self, u32 signal, const struct linux_siginfo *info)
{
	u64 bit = SIGNAL_BIT(signal);
	if (bit & SIGNALS_DEFAULT_NOTHING)
		return;
	if (bit & SIGNALS_STOP) {
		process_stop_self(signal, process_continued(&posix_self()->identity));
		return;
	}
	crash_report(self, info);
	signal_die(self, signal);
}

// The action as it is now; a handler that wants it goes back to the default.
static struct linux_sigaction action_take(u32 signal)
{
	struct actions *actions = actions_self();
	posix_lock_take(&actions->lock);
	struct linux_sigaction *action = &AT(actions->action, signal - 1), taken = *action;
	if (taken.handler != SIG_DFL && taken.handler != SIG_IGN && taken.flags & SA_RESETHAND)
		action->handler = SIG_DFL;
	posix_lock_give(&actions->lock);
	return taken;
}

// A frame that finds no place: SIGSEGV, whose own handler may have a stack of its own.
static void no_place(struct posix_thread *self, u32 signal)
{
	if (signal == SIGSEGV)
		signal_die(self, SIGSEGV);
	signal_force(self, &(struct linux_siginfo){ .signal = SIGSEGV, .code = SI_KERNEL });
}

static bool deliver(struct posix_thread *self, u32 signal, const struct linux_siginfo *info)
{
	struct linux_sigaction action = action_take(signal);
	if (action.handler == SIG_IGN)
		return false;
	if (action.handler == SIG_DFL) {
		act_by_default(self, signal, info);
		return false;
	}
	restart_before_handler(self, action.flags);
	if (!frame_push(self, &action, info)) {
		no_place(self, signal);
		return false;
	}
	u64 mask = self->mask | action.mask;
	if (!(action.flags & SA_NODEFER))
		mask |= SIGNAL_BIT(signal);
	self->has_saved_mask = false;
	signal_mask_set(self, mask);
	return true;
}

// What a call destroys, as Linux leaves it.
static void complete(struct posix_registers *registers)
{
	registers->rcx = registers->rip;
	registers->r11 = registers->rflags = FLAGS_AFTER_CALL;
}

void posix_leave(struct posix_thread *self)
{
	struct linux_siginfo info;
	bool has_handler = false;
	u32 signal;
	if (self->number != UINT64_MAX)
		complete(&self->registers);
	if (self->slow & SLOW_TRACE)
		trace_left(self);
	if (self->has_saved_mask && (i64)self->registers.rax != -ERESTARTNOHAND)
		signal_mask_leave(self);
	do {
		while ((signal = next_signal(self, &info)) != 0)
			has_handler |= deliver(self, signal, &info);
		self->slow &= SLOW_TRACE;
		if (!has_handler)
			restart_without_handler(self);
		signal_mask_leave(self); // may find more
	} while (self->slow & SLOW_SIGNALS);
	signal_forward(self);
}
