// SPDX-License-Identifier: MIT
// mask.c - the program's signal masks, and waiting for signals.
#include "lib/base/atomic.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/signal_local.h"
#include "os/syscalls.h"

// With one thread the kernel holds back what the program does. With several, each takes what comes
// and passes on what is not for it: the kernel cannot know who would take it.
void signal_mask_apply(struct posix_thread *self)
{
	struct posix *posix = posix_self();
	bool is_alone = posix->core.thread_count <= 1;
	self->leave_mask = is_alone ? self->mask : 0;
	u64 ignored = atomic_load_relaxed(&posix->actions.ignored) & ~self->mask;
	u64 *told = &posix->identity.wishes.ignored; // read by proc
	atomic_store_relaxed(told, is_alone ? ignored : atomic_load_relaxed(told) & ~self->mask);
}

void signal_mask_set(struct posix_thread *self, u64 mask)
{
	u64 opened = self->mask & ~mask;
	atomic_store_seq_cst(&self->mask, mask & ~SIGNALS_NEVER_BLOCKED); // pairs with collect_from
	signal_mask_apply(self);
	if (opened && signal_pending(self) & opened)
		self->slow |= SLOW_SIGNALS;
}

void signal_mask_enter(struct posix_thread *self, u64 mask)
{
	if (!self->has_saved_mask)
		self->saved_mask = self->mask;
	self->has_saved_mask = true;
	signal_mask_set(self, mask);
	self->slow |= SLOW_SIGNALS;
}

void signal_mask_leave(struct posix_thread *self)
{
	if (!self->has_saved_mask)
		return;
	self->has_saved_mask = false;
	signal_mask_set(self, self->saved_mask);
}

i64 call_rt_sigprocmask(struct posix_thread *self, const struct arguments *arguments)
{
	u64 old = self->mask, mask = old, set;
	if (ARG(3) != sizeof(u64))
		return -EINVAL;
	if (ARG(1)) {
		TRY_POSIX(user_get(set, ARG(1)));
		switch (ARG_INT(0)) {
		case SIG_BLOCK: mask = old | set; break;
		case SIG_UNBLOCK: mask = old & ~set; break;
		case SIG_SETMASK: mask = set; break;
		default: return -EINVAL;
		}
	}
	if (mask != old)
		signal_mask_set(self, mask);
	return ARG(2) ? user_put(ARG(2), old) : 0;
}

i64 call_rt_sigpending(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG(1) > sizeof(u64))
		return -EINVAL;
	u64 pending = signal_pending(self) & self->mask;
	return user_copy_out(ARG(0), &pending, ARG(1));
}

// Until a handler ran: what does not run one makes the call again.
static i64 sleep(struct posix_thread *self)
{
	while (!wait_is_interrupted(self))
		if (wait_sleep(self, DEADLINE_NEVER) != ERR_INTERRUPTED)
			return -EINTR;
	return -ERESTARTNOHAND;
}

i64 call_rt_sigsuspend(struct posix_thread *self, const struct arguments *arguments)
{
	u64 mask;
	if (ARG(1) != sizeof(u64))
		return -EINVAL;
	TRY_POSIX(user_get(mask, ARG(0)));
	signal_mask_enter(self, mask);
	return sleep(self);
}

i64 call_pause(struct posix_thread *self, const struct arguments *arguments)
{
	(void)arguments;
	return sleep(self);
}

static i64 deadline_of(struct posix_thread *self, u64 address, u64 *out)
{
	struct {
		i64 seconds, nanoseconds;
	} time;
	*out = DEADLINE_NEVER;
	if (!address)
		return 0;
	TRY_POSIX(user_get(time, address));
	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (i64)NS_PER_SECOND)
		return -EINVAL;
	if (time.seconds < (i64)(UINT64_MAX / NS_PER_SECOND) / 2)
		*out = wait_deadline(self, (u64)time.seconds * NS_PER_SECOND + (u64)time.nanoseconds);
	return 0;
}

// The set is opened during the wait, so that its signals end it; they are taken, not delivered.
static i64 take_until(struct posix_thread *self, u64 set, u64 deadline, struct linux_siginfo *info)
{
	u64 mask = self->mask;
	for (;;) {
		u32 signal = signal_take(self, set, info);
		if (signal)
			return signal;
		if (signal_due(self))
			return -EINTR;
		atomic_store_seq_cst(&self->mask, mask & ~set); // so that others pass them on to us
		signal_mask_apply(self);
		err_t err = signal_pending(self) & set ? ERR_INTERRUPTED : wait_sleep(self, deadline);
		atomic_store_seq_cst(&self->mask, mask);
		signal_mask_apply(self);
		if (err == OK && !(signal_pending(self) & set))
			return -EAGAIN;
	}
}

i64 call_rt_sigtimedwait(struct posix_thread *self, const struct arguments *arguments)
{
	u64 set, deadline;
	struct linux_siginfo info;
	if (ARG(3) != sizeof(u64))
		return -EINVAL;
	TRY_POSIX(user_get(set, ARG(0)));
	TRY_POSIX(deadline_of(self, ARG(2), &deadline));
	i64 signal = take_until(self, set & ~SIGNALS_NEVER_BLOCKED, deadline, &info);
	if (signal > 0 && ARG(1))
		TRY_POSIX(user_put(ARG(1), info));
	return signal;
}
