// SPDX-License-Identifier: MIT
// lock.c - spin locks, and in debug builds the check that they are taken in rising rank.
#include "kernel/sched/lock.h"

#include "arch_types.h"
#include "kernel/arch/arch.h"
#include "kernel/sched/cpu.h"
#include "lib/base/assert.h"
#include "lib/base/atomic.h"
#include "lib/base/config.h"

void lock_init(struct spinlock *lock, enum lock_rank rank)
{
	*lock = (struct spinlock){ .rank = rank };
}

static void rank_enter(enum lock_rank rank)
{
	struct cpu *cpu = cpu_self();
	assert((cpu->held_ranks >> rank) == 0 || rank == RANK_LEAF); // nothing higher or equal is held
	cpu->held_ranks |= 1u << rank;
}

static void rank_leave(enum lock_rank rank)
{
	struct cpu *cpu = cpu_self();
	assert(cpu->held_ranks & 1u << rank);
	cpu->held_ranks &= ~(1u << rank);
}

void lock_take(struct spinlock *lock) NO_THREAD_SAFETY_ANALYSIS
{
	if (IS_DEBUG)
		rank_enter(lock->rank);
	while (UNLIKELY(atomic_exchange_acquire(&lock->word, 1u))) { // pairs with lock_give
		while (atomic_load_relaxed(&lock->word)) {
			cpu_poll();
			arch_relax();
		}
	}
}

void lock_give(struct spinlock *lock) NO_THREAD_SAFETY_ANALYSIS
{
	if (IS_DEBUG)
		rank_leave(lock->rank);
	atomic_store_release(&lock->word, 0u); // pairs with lock_take
}
