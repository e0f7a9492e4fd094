// SPDX-License-Identifier: MIT
// mutex.c - see mutex.h.
#include "lib/os/mutex.h"

#include "lib/base/atomic.h"
#include "os/syscalls.h"

void mutex_lock(struct mutex *mutex)
{
	u32 seen = 0;
	if (atomic_swap_if_acquire(&mutex->word, &seen, 1u)) // pairs with mutex_unlock
		return;
	while (atomic_exchange_acquire(&mutex->word, 2u) != 0)
		(void)futex_wait((u64)&mutex->word, 2, DEADLINE_NEVER, HANDLE_NONE); // any end: look again
}

void mutex_unlock(struct mutex *mutex)
{
	u32 woken;
	if (atomic_exchange_acq_rel(&mutex->word, 0u) == 2) // pairs with mutex_lock
		(void)futex_wake((u64)&mutex->word, 1, 0, 0, &woken);
}
