// SPDX-License-Identifier: MIT
// waitv.c - futex_waitv: a wait at several words. The kernel lets a thread wait at one, so each
// word gets a thread of the library's own for as long. Each is a waiter as any other: a wake that
// it took is this call's answer, even if another word, a signal or the deadline came as well.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/thread/futex.h"
#include "lib/posix/thread/helper_thread.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

// Linux's struct futex_waitv.
struct waitv {
	u64 value, address;
	u32 flags, reserved;
};
enum waitv_flag : u32 { FUTEX_32 = 2, FUTEX_PRIVATE_FLAG = 128 };
constexpr u32 WAITV_MAX = 128;

struct waiter {
	struct wait_set *set;
	u64 address;
	u32 value;
	err_t result;    // of its thread, once that is done
	handle_t thread; // owned; HANDLE_NONE: not started
	u64 mail;        // signals for the process that came to it
};

struct wait_set {
	struct wait_set *_Nullable next; // of core.wait_sets, under core.threads_lock
	u32 done;                        // atomic, futex: threads that have a result
	u32 count, started;
	struct waiter waiters[WAITV_MAX];
};

static i64 read_waiter(u64 address, struct waiter *out)
{
	struct waitv given;
	TRY_POSIX(user_get(given, address));
	bool is_good = !(given.flags & ~(u32)(FUTEX_32 | FUTEX_PRIVATE_FLAG)) &&
	               given.flags & FUTEX_32 && !given.reserved && !(given.address & 3);
	if (!is_good)
		return -EINVAL;
	out->address = given.address;
	out->value = (u32)given.value;
	return user_check(given.address, sizeof(u32));
}

static i64 compare(const struct wait_set *set)
{
	for (u32 i = 0; i < set->count; i++) {
		u32 value;
		TRY_POSIX(user_load_u32(AT(set->waiters, i).address, &value));
		if (value != AT(set->waiters, i).value)
			return -EAGAIN;
	}
	return 0;
}

static void serve(u64 argument)
{
	UNSAFE_BEGIN("wait_at_all made us for it, and waits until we are done")
	struct waiter *waiter = (struct waiter *)argument;
	UNSAFE_END
	struct posix_thread *self = thread_self();
	struct wait_set *set = waiter->set;
	u32 woken;
	waiter->result = wait_futex(self, waiter->address, waiter->value, DEADLINE_NEVER, HANDLE_NONE);
	waiter->mail = atomic_exchange_seq_cst(&self->block.pending, (u64)0) & ~POKE;
	(void)atomic_add_acq_rel(&set->done, 1u); // pairs with gather; the set may be gone from here on
	(void)futex_wake((u64)(uintptr_t)&set->done, 1, 0, 0, &woken);
	helper_thread_end();
}

// A fork by another thread finds what is under way, and whole: it holds the lock.
static void join(struct core_state *core, struct wait_set *set)
{
	posix_lock_take(&core->threads_lock);
	set->next = core->wait_sets;
	core->wait_sets = set;
	posix_lock_give(&core->threads_lock);
}

static void close_threads(struct wait_set *set)
{
	for (u32 i = 0; i < set->started; i++)
		(void)handle_close(AT(set->waiters, i).thread);
	set->started = 0;
}

static void leave(struct core_state *core, struct wait_set *set)
{
	posix_lock_take(&core->threads_lock);
	struct wait_set *_Nullable *link = &core->wait_sets;
	while (*link && *link != set)
		link = &(*link)->next;
	if (*link)
		*link = set->next;
	close_threads(set);
	posix_lock_give(&core->threads_lock);
}

void waits_forget(struct core_state *core)
{
	struct wait_set *set;
	while ((set = core->wait_sets)) {
		core->wait_sets = set->next;
		close_threads(set);
		heap_give(set, sizeof *set);
	}
}

// Ends those that still wait, until all have a result.
static void gather(struct wait_set *set)
{
	u32 done;
	for (u32 i = 0; i < set->started; i++)
		(void)thread_notify(AT(set->waiters, i).thread, POKE);
	while ((done = atomic_load_acquire(&set->done)) < set->started)
		(void)futex_wait((u64)(uintptr_t)&set->done, done, DEADLINE_NEVER, HANDLE_NONE);
	for (u32 i = 0; i < set->started; i++) {
		u64 mail = AT(set->waiters, i).mail;
		if (mail)
			(void)thread_notify(HANDLE_NONE, mail);
	}
}

// Which was woken, as Linux the last of several; else what else one found out, or why we stopped.
static i64 answer_of(const struct wait_set *set, i64 otherwise)
{
	i64 answer = otherwise;
	for (u32 i = 0; i < set->started; i++) {
		err_t result = AT(set->waiters, i).result;
		if (result != OK && result != ERR_INTERRUPTED)
			answer = futex_error(result, false);
	}
	for (u32 i = set->started; i--;)
		if (AT(set->waiters, i).result == OK)
			return i;
	return answer;
}

static i64 start_one(struct core_state *core, struct wait_set *set, struct waiter *waiter)
{
	posix_lock_take(&core->threads_lock);
	i64 answer = helper_thread_start(serve, (u64)(uintptr_t)waiter, true, &waiter->thread);
	set->started += answer == 0;
	posix_lock_give(&core->threads_lock);
	return answer;
}

static i64 start_all(struct core_state *core, struct wait_set *set)
{
	for (u32 i = 0; i < set->count; i++)
		TRY_POSIX(start_one(core, set, &AT(set->waiters, i)));
	return 0;
}

static i64 wait_at_all(struct posix_thread *self, struct wait_set *set, u64 deadline)
{
	struct core_state *core = &posix_self()->core;
	join(core, set);
	i64 answer = start_all(core, set);
	if (answer == 0) {
		err_t err = wait_futex(self, (u64)(uintptr_t)&set->done, 0, deadline, HANDLE_NONE);
		bool is_done = err == OK || err == ERR_WOULD_BLOCK;
		answer = is_done ? -ERESTARTSYS : futex_error(err, deadline != DEADLINE_NEVER);
	}
	gather(set);
	answer = answer_of(set, answer);
	leave(core, set);
	return answer;
}

static i64 wait_in(struct posix_thread *self, struct wait_set *set, u64 from, u64 deadline)
{
	for (u32 i = 0; i < set->count; i++) {
		AT(set->waiters, i).set = set;
		TRY_POSIX(read_waiter(from + i * sizeof(struct waitv), &AT(set->waiters, i)));
	}
	TRY_POSIX(compare(set));
	if (set->count > 1)
		return wait_at_all(self, set, deadline);
	const struct waiter *only = &AT(set->waiters, 0);
	err_t err = wait_futex(self, only->address, only->value, deadline, HANDLE_NONE);
	return futex_error(err, deadline != DEADLINE_NEVER);
}

i64 call_futex_waitv(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline;
	u32 clock = ARG_U32(4);
	if (ARG_U32(2) || !ARG_U32(1) || ARG_U32(1) > WAITV_MAX || !ARG(0) ||
		(ARG(3) && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return -EINVAL;
	u32 operation = FUTEX_WAIT_BITSET | (clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0);
	TRY_POSIX(futex_deadline(self, operation, ARG(3), &deadline));
	struct wait_set *set = heap_take(sizeof *set);
	if (!set)
		return -ENOMEM;
	*set = (struct wait_set){ .count = ARG_U32(1) };
	i64 answer = wait_in(self, set, ARG(0), deadline);
	heap_give(set, sizeof *set);
	return answer;
}
