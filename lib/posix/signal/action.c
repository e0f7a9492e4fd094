// SPDX-License-Identifier: MIT
// action.c - what the program wants on each signal, and alternate stacks; what fork and exec make
// of them.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/signal_local.h"

static bool is_nothing(u32 signal, u64 handler)
{
	return handler == SIG_IGN ||
	       (handler == SIG_DFL && SIGNAL_BIT(signal) & SIGNALS_DEFAULT_NOTHING);
}

// What proc looks at.
static void tell_wishes(struct posix *posix)
{
	const struct linux_sigaction *child = &AT(posix->actions.action, SIGCHLD - 1);
	u64 wishes = 0, blocked = 0;
	if (child->handler == SIG_IGN || child->flags & SA_NOCLDWAIT)
		wishes |= WISH_NO_ZOMBIES;
	if (child->flags & SA_NOCLDSTOP)
		wishes |= WISH_NO_STOPS;
	atomic_store_relaxed(&posix->identity.wishes.flags, wishes);
	LIST_EACH(node, &posix->core.threads)
		blocked |= container_of(node, struct posix_thread, node)->mask;
	u64 ignored = atomic_load_relaxed(&posix->actions.ignored);
	atomic_store_relaxed(&posix->identity.wishes.ignored, ignored & ~blocked);
}

// What waits look at: one bit of a set that stands for all actions.
static void ignored_change(struct actions *actions, u32 signal)
{
	u64 ignored = atomic_load_relaxed(&actions->ignored) & ~SIGNAL_BIT(signal);
	if (is_nothing(signal, AT(actions->action, signal - 1).handler))
		ignored |= SIGNAL_BIT(signal);
	atomic_store_relaxed(&actions->ignored, ignored);
}

// Of this signal or of this thread; 0: of any.
static void notes_drop(struct actions *actions, u32 signal, i32 thread)
{
	for (struct signal_note *_Nullable *link = &actions->notes; *link;) {
		struct signal_note *note = *link;
		if ((signal && (u32)note->info.signal != signal) || (thread && note->thread != thread)) {
			link = &note->next;
			continue;
		}
		*link = note->next;
		actions->notes_count--;
		heap_give(note, sizeof *note);
	}
}

// Of a signal that is ignored now nothing waits any more.
static void forget(struct posix *posix, u32 signal)
{
	atomic_and_seq_cst(&posix->actions.pending, ~SIGNAL_BIT(signal));
	atomic_and_seq_cst(&posix->actions.remote, ~SIGNAL_BIT(signal));
	LIST_EACH(node, &posix->core.threads)
		atomic_and_seq_cst(
			&container_of(node, struct posix_thread, node)->directed, ~SIGNAL_BIT(signal));
	notes_drop(&posix->actions, signal, 0);
}

void signal_thread_ends(struct posix_thread *self)
{
	struct actions *actions = actions_self();
	signal_collect(self);
	posix_lock_take(&actions->lock);
	notes_drop(actions, 0, self->id);
	posix_lock_give(&actions->lock);
	self->mask = MASK_ALL;
	signal_forward(self);
}

i64 call_rt_sigaction(struct posix_thread *self, const struct arguments *arguments)
{
	u32 signal = ARG_U32(0);
	struct posix *posix = posix_self();
	struct linux_sigaction action = {}, old;
	if (ARG(3) != sizeof(u64) || !signal || signal > SIGNALS)
		return -EINVAL;
	if (ARG(1) && SIGNAL_BIT(signal) & SIGNALS_NEVER_BLOCKED)
		return -EINVAL;
	if (ARG(1))
		TRY_POSIX(user_get(action, ARG(1)));
	action.mask &= ~SIGNALS_NEVER_BLOCKED;
	signal_collect(self);
	posix_lock_take(&posix->actions.lock);
	posix_lock_take(&posix->core.threads_lock);
	old = AT(posix->actions.action, signal - 1);
	if (ARG(1)) {
		AT(posix->actions.action, signal - 1) = action;
		ignored_change(&posix->actions, signal);
		tell_wishes(posix);
		if (is_nothing(signal, action.handler))
			forget(posix, signal);
	}
	posix_lock_give(&posix->core.threads_lock);
	posix_lock_give(&posix->actions.lock);
	return ARG(2) ? user_put(ARG(2), old) : 0;
}

static bool is_on(const struct signal_stack *stack, u64 pointer)
{
	return !(stack->flags & (SS_DISABLE | SS_AUTODISARM)) && pointer > stack->address &&
	       pointer - stack->address <= stack->size;
}

i64 signal_stack_set(struct posix_thread *self, const struct linux_stack *wanted)
{
	u32 mode = wanted->flags & ~(u32)SS_AUTODISARM;
	if (is_on(&self->signal_stack, self->registers.rsp))
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		self->signal_stack = (struct signal_stack){ .flags = SS_DISABLE };
		return 0;
	}
	if (wanted->size < MINSIGSTKSZ)
		return -ENOMEM;
	self->signal_stack =
		(struct signal_stack){ wanted->address, wanted->size, wanted->flags & SS_AUTODISARM };
	return 0;
}

struct linux_stack signal_stack_get(const struct posix_thread *self)
{
	const struct signal_stack *stack = &self->signal_stack;
	struct linux_stack answer = { .address = stack->address,
		.size = stack->size,
		.flags = stack->size ? stack->flags : SS_DISABLE };
	if (is_on(stack, self->registers.rsp))
		answer.flags |= SS_ONSTACK;
	return answer;
}

i64 call_sigaltstack(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stack wanted, old = signal_stack_get(self);
	if (ARG(0)) {
		TRY_POSIX(user_get(wanted, ARG(0)));
		TRY_POSIX(signal_stack_set(self, &wanted));
	}
	return ARG(1) ? user_put(ARG(1), old) : 0;
}

i64 fork_before_signal(struct posix_thread *self) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	posix_lock_take(&actions_self()->lock);
	return 0;
}

void fork_parent_signal(struct posix_thread *self, bool has_child) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	(void)has_child;
	posix_lock_give(&actions_self()->lock);
}

void fork_child_signal(struct posix_thread *self)
{
	struct actions *actions = actions_self();
	posix_lock_init(&actions->lock);
	actions->pending = actions->remote = 0;
	self->directed = 0; // what is in the mailbox came for us already: the kernel emptied it
	struct signal_note *_Nullable note;
	while ((note = actions->notes)) {
		actions->notes = note->next;
		heap_give(note, sizeof *note);
	}
	actions->notes_count = 0;
	signal_mask_apply(self);
}

void exec_reset_actions(void)
{
	struct posix *posix = posix_self();
	bool is_first = !posix->actions.ignored; // of all programs: nothing was ever found out
	for (u32 i = 0; i < SIGNALS; i++) {
		struct linux_sigaction *action = &AT(posix->actions.action, i);
		bool is_fresh = !(action->handler | action->flags | action->restorer | action->mask);
		if (is_fresh && !is_first)
			continue;
		*action =
			(struct linux_sigaction){ .handler = action->handler == SIG_IGN ? SIG_IGN : SIG_DFL };
		ignored_change(&posix->actions, i + 1);
	}
	posix_lock_take(&posix->core.threads_lock);
	tell_wishes(posix);
	posix_lock_give(&posix->core.threads_lock);
}
