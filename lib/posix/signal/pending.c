// SPDX-License-Identifier: MIT
// pending.c - what waits: collected from the kernel's mailboxes, taken by a thread, passed to
// another one. A mailbox's bits, but POKE, come from servers/proc and are for the process.
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/signal_local.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

// SIGCONT takes back stops that have not happened, and the other way round.
static void cancel_opposite(struct actions *actions, u64 bits)
{
	if (bits & SIGNAL_BIT(SIGCONT))
		atomic_and_seq_cst(&actions->pending, ~SIGNALS_STOP);
	else if (bits & SIGNALS_STOP)
		atomic_and_seq_cst(&actions->pending, ~SIGNAL_BIT(SIGCONT));
}

// True: there was something. What is taken out here is looked at on the way out, or by a wait
// before (wait_open).
static bool collect_from(struct actions *actions, struct posix_thread *thread)
{
	if (!atomic_load_relaxed(&thread->block.pending))
		return false;
	u64 all = atomic_exchange_seq_cst(&thread->block.pending, (u64)0), bits = all & ~POKE;
	if (thread == thread_self())
		thread->slow |= SLOW_SIGNALS;
	if (bits) {
		cancel_opposite(actions, bits);
		atomic_or_seq_cst(&actions->remote, bits);
		atomic_or_seq_cst(&actions->pending, bits); // pairs with signal_mask_set
	}
	return all;
}

void signal_collect(struct posix_thread *self)
{
	(void)collect_from(actions_self(), self);
}

// Other threads may sit in a wait with ours in their mailbox. Whose mailbox was emptied is told to
// look: it may be the only one that takes what was in it.
static void collect_all(struct posix_thread *self)
{
	struct core_state *core = &posix_self()->core;
	signal_collect(self);
	if (core->thread_count <= 1)
		return;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if (thread != self && collect_from(actions_self(), thread))
			(void)thread_notify(thread->handle, POKE);
	}
	posix_lock_give(&core->threads_lock);
}

u64 signal_pending(struct posix_thread *self)
{
	collect_all(self);
	return atomic_load_seq_cst(&actions_self()->pending) | atomic_load_seq_cst(&self->directed);
}

u64 signal_due(struct posix_thread *self)
{
	struct actions *actions = actions_self();
	signal_collect(self);
	u64 all = atomic_load_seq_cst(&actions->pending) | atomic_load_seq_cst(&self->directed);
	return all & ~self->mask & ~atomic_load_relaxed(&actions->ignored);
}

void signal_remind(struct posix_thread *self)
{
	if (wait_is_interrupted(self))
		atomic_or_seq_cst(&self->block.pending, POKE);
}

bool wait_is_interrupted(struct posix_thread *self)
{
	return self->has_forced || signal_due(self);
}

void signal_forward(struct posix_thread *self)
{
	struct core_state *core = &posix_self()->core;
	u64 bits = atomic_load_seq_cst(&actions_self()->pending) & self->mask;
	if (!bits || core->thread_count <= 1)
		return;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		struct posix_thread *thread = container_of(node, struct posix_thread, node);
		u64 wanted = bits & ~atomic_load_relaxed(&thread->mask);
		if (thread == self || !wanted)
			continue;
		bits &= ~wanted;
		(void)thread_notify(thread->handle, POKE);
	}
	posix_lock_give(&core->threads_lock);
}

static struct signal_note *_Nullable note_remove(
	struct actions *actions, u32 signal, i32 thread, bool *is_last)
{
	struct signal_note *_Nullable found = nullptr;
	*is_last = true;
	for (struct signal_note *_Nullable *link = &actions->notes; *link;) {
		struct signal_note *note = *link;
		bool is_same = (u32)note->info.signal == signal && note->thread == thread;
		if (is_same && !found) {
			found = note;
			*link = note->next;
			actions->notes_count--;
			continue;
		}
		*is_last = *is_last && !is_same;
		link = &note->next;
	}
	return found;
}

static u32 first_of(u64 set)
{
	u64 urgent = set & SIGNALS_SYNCHRONOUS;
	return set ? (u32)__builtin_ctzll(urgent ? urgent : set) + 1 : 0;
}

// What proc keeps of a signal that comes to nothing here is of no use; the next one takes its
// place.
static bool is_dropped(const struct posix_thread *self, u32 signal)
{
	u64 dropped = atomic_load_relaxed(&actions_self()->ignored) & ~self->mask;
	return signal < SIGRTMIN && dropped & SIGNAL_BIT(signal);
}

// Details that proc keeps; they are fetched so that older ones are not told of a later signal.
static void take_remote(struct actions *actions, u32 signal, struct linux_siginfo *out)
{
	u32 more = 0;
	u64 bit = SIGNAL_BIT(signal);
	if (!process_signal_info(signal, out, &more))
		*out = (struct linux_siginfo){ .signal = (i32)signal, .code = SI_KERNEL };
	if (!more)
		return;
	atomic_or_seq_cst(&actions->remote, bit);
	atomic_or_seq_cst(&actions->pending, bit);
}

u32 signal_take(struct posix_thread *self, u64 set, struct linux_siginfo *out)
{
	struct actions *actions = actions_self();
	bool is_last;
	signal_collect(self);
	posix_lock_take(&actions->lock);
	u64 directed = atomic_load_seq_cst(&self->directed) & set;
	u32 signal = first_of(directed | (atomic_load_seq_cst(&actions->pending) & set));
	u64 bit = signal ? SIGNAL_BIT(signal) : 0;
	bool is_ours = directed & bit;
	struct signal_note *note = note_remove(actions, signal, is_ours ? self->id : 0, &is_last);
	bool is_remote = !is_ours && !note && atomic_load_relaxed(&actions->remote) & bit;
	if (is_last && is_ours)
		atomic_and_seq_cst(&self->directed, ~bit);
	if (is_last && !is_ours && (is_remote || !(atomic_load_relaxed(&actions->remote) & bit)))
		atomic_and_seq_cst(&actions->pending, ~bit);
	if (is_remote)
		atomic_and_seq_cst(&actions->remote, ~bit);
	posix_lock_give(&actions->lock);
	if (!signal)
		return 0;
	*out = (struct linux_siginfo){ .signal = (i32)signal, .code = SI_USER };
	if (note)
		*out = note->info;
	if (note && note->info.code == SI_TIMER)
		timers_told(&note->info);
	if (!note && is_remote && !is_dropped(self, signal))
		take_remote(actions, signal, out);
	heap_give(note, sizeof *note);
	return signal;
}
