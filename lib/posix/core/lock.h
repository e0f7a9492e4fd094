// SPDX-License-Identifier: MIT
// lock.h - the library's locks. No notification interrupts a holder (the library runs with all
// blocked), so a lock is never held by a thread that is in a signal handler.
// Which may be held together: the order of the parts in struct posix, top to bottom.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

// Between threads of one process. All zero: free.
enum lock_state : u32 { LOCK_FREE, LOCK_TAKEN, LOCK_WAITED }; // the last: taken, somebody may wait

struct CAPABILITY("lock") posix_lock {
	u32 word; // atomic, futex: enum lock_state
};
void posix_lock_take(struct posix_lock *lock) ACQUIRE(lock);
void posix_lock_give(struct posix_lock *lock) RELEASE(lock);
// In a forked child: its only thread is not in there, whoever held it in the parent.
static inline void posix_lock_init(struct posix_lock *lock)
{
	lock->word = 0;
}

// Between processes, in an arena: struct description.lock. The word is the holder's pid, with the
// top bit when somebody waits; a holder that died is found out by who waits, and the lock taken.
void shared_lock_take(u32 *word);
void shared_lock_give(u32 *word);

NONNULL_END
