// SPDX-License-Identifier: MIT
// futex.h - Linux's futex operations, between futex.c and pi.c (locks with priority inheritance).
#pragma once

#include "abi/errors.h"
#include "lib/posix/core/call.h"

NONNULL_BEGIN

enum futex_operation : u32 {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_LOCK_PI = 6,
	FUTEX_UNLOCK_PI = 7,
	FUTEX_TRYLOCK_PI = 8,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_WAIT_REQUEUE_PI = 11,
	FUTEX_CMP_REQUEUE_PI = 12,
	FUTEX_LOCK_PI2 = 13,
	FUTEX_COMMAND_MASK = 0x7f,
	FUTEX_PRIVATE = 0x80,
	FUTEX_CLOCK_REALTIME = 0x100,
};

// WAIT: relative; the others: absolute, of the clock that the operation names.
i64 futex_deadline(struct posix_thread *self, u32 operation, u64 address, u64 *out);

// Waits, and says so for who wants to know (pi_requeue). target: the lock that the waiter is to be
// moved to; 0: none.
err_t futex_wait_at(struct posix_thread *self, u64 address, u32 expected, u64 deadline, u64 target);

// What a futex's wait answers.
i64 futex_error(err_t err, bool has_deadline);

i64 pi_lock(struct posix_thread *self, const struct arguments *arguments, u32 operation);
i64 pi_try(struct posix_thread *self, u64 address);
i64 pi_unlock(struct posix_thread *self, u64 address);
i64 pi_wait(struct posix_thread *self, const struct arguments *arguments);
i64 pi_requeue(const struct arguments *arguments);

NONNULL_END
