// SPDX-License-Identifier: MIT
// lock.h - spin locks with ranks. The kernel runs with interrupts off, so a lock is held for a
// bounded time on one CPU and never across a switch. A CPU that spins keeps answering TLB
// shootdowns (cpu_poll), so that a holder may wait for one.
// Rule: a CPU takes locks in rising rank. Debug builds check it (lock_debug.c).
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

// In the order in which they may be taken.
enum lock_rank : u8 {
	RANK_PROCESS = 1,  // process: its list of threads
	RANK_HANDLES,      // handle table
	RANK_SPACE,        // address space: its mappings
	RANK_MEMORY,       // memory object: its pages, its list of mappings. Parents before clones
	RANK_MEMORY_CLONE, // the clone while its parent is held
	RANK_TABLE,        // page tables of one space
	RANK_FUTEX,        // one bucket (two: in address order)
	RANK_FUTEX_SECOND,
	RANK_STREAM, // both directions of one stream
	RANK_OBJECT, // signals, bindings and waiters of one object
	RANK_PORT,   // queues of one port
	RANK_TIMERS, // one CPU's timer queue
	RANK_SLAB,
	RANK_FRAMES, // the frame allocator
	RANK_LEAF,   // consoles, vector tables: nothing is taken under it
};

struct CAPABILITY("lock") spinlock {
	u32 word; // 0 free, 1 taken
	enum lock_rank rank;
};

NONNULL_BEGIN
void lock_init(struct spinlock *lock, enum lock_rank rank);
void lock_take(struct spinlock *lock) ACQUIRE(*lock);
void lock_give(struct spinlock *lock) RELEASE(*lock);
NONNULL_END
