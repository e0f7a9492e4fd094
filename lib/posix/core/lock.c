// SPDX-License-Identifier: MIT
// lock.c - see lock.h. Futex locks after Drepper, "Futexes are tricky" (2011).
#include "lib/posix/core/lock.h"

#include "lib/base/atomic.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"

void posix_lock_take(struct posix_lock *lock) NO_THREAD_SAFETY_ANALYSIS
{
	u32 seen = 0;
	if (atomic_swap_if_acquire(&lock->word, &seen, (u32)LOCK_TAKEN)) // pairs with posix_lock_give
		return;
	while (atomic_exchange_acquire(&lock->word, (u32)LOCK_WAITED) != LOCK_FREE)
		(void)futex_wait((u64)(uintptr_t)&lock->word, LOCK_WAITED, DEADLINE_NEVER, HANDLE_NONE);
}

void posix_lock_give(struct posix_lock *lock) NO_THREAD_SAFETY_ANALYSIS
{
	u32 woken;
	if (atomic_exchange_acq_rel(&lock->word, 0u) == LOCK_WAITED) // pairs with posix_lock_take
		(void)futex_wake((u64)(uintptr_t)&lock->word, 1, 0, 0, &woken);
}

constexpr u32 SHARED_WAITED = 1u << 31;
constexpr u64 SHARED_PATIENCE_NS = 50'000'000; // then we look whether the holder is alive

static bool is_alive(u32 pid)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	const struct proc_slot *slots = (const struct proc_slot *)SLOT_AREA;
	for (u32 i = 0; i < PROC_SLOTS_MAX; i++)
		if (atomic_load_relaxed(&slots[i].pid) == pid)
			return true;
	UNSAFE_END
	return false;
}

// The word changed, or the holder is found dead: then the lock is ours if we are the first to say
// so.
static bool take_over(u32 *word, u32 seen, u32 pid)
{
	u64 deadline = posix_clock() + SHARED_PATIENCE_NS;
	err_t err = futex_wait((u64)(uintptr_t)word, seen, deadline, HANDLE_NONE);
	if (err != ERR_TIMED_OUT || is_alive(seen & ~SHARED_WAITED))
		return false;
	return atomic_swap_if_acquire(word, &seen, pid | SHARED_WAITED);
}

void shared_lock_take(u32 *word)
{
	u32 pid = posix_self()->identity.pid, seen = 0;
	u32 mine = pid;
	while (!atomic_swap_if_acquire(word, &seen, mine)) { // pairs with shared_lock_give
		u32 waited = seen | SHARED_WAITED;
		if (!seen)
			continue;
		if (seen != waited && !atomic_swap_if_acquire(word, &seen, waited)) {
			seen = 0;
			continue;
		}
		if (take_over(word, waited, pid))
			return;
		mine = pid | SHARED_WAITED; // others may wait too
		seen = 0;
	}
}

void shared_lock_give(u32 *word)
{
	u32 woken;
	if (atomic_exchange_acq_rel(word, 0u) & SHARED_WAITED) // pairs with shared_lock_take
		(void)futex_wake((u64)(uintptr_t)word, 1, 0, 0, &woken);
}
