// SPDX-License-Identifier: MIT
// futex.c - the kernel's futexes under Linux's operations. Bit sets are not kept: a wake for some
// bits wakes all, which a waiter has to expect anyway.
#include "lib/posix/thread/futex.h"
#include "lib/base/atomic.h"
#include "lib/base/time.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/time.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

// From here on a wait for a moment of the clock of the day is ended and made again when that is
// set.
constexpr u64 LONG_NS = NS_PER_SECOND;

struct timespec {
	i64 seconds, nanoseconds;
};

static u64 now_of(u32 operation)
{
	return operation & FUTEX_CLOCK_REALTIME ? posix_real() : posix_clock();
}

i64 futex_deadline(struct posix_thread *self, u32 operation, u64 address, u64 *out)
{
	struct timespec time;
	*out = DEADLINE_NEVER;
	if (!address)
		return 0;
	TRY_POSIX(user_get(time, address));
	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (i64)NS_PER_SECOND)
		return -EINVAL;
	if ((u64)time.seconds >= UINT64_MAX / NS_PER_SECOND / 2)
		return 0;
	u64 ns = (u64)time.seconds * NS_PER_SECOND + (u64)time.nanoseconds;
	if ((operation & FUTEX_COMMAND_MASK) == FUTEX_WAIT) {
		*out = wait_deadline(self, ns);
		return 0;
	}
	if (operation & FUTEX_CLOCK_REALTIME && ns > posix_real() + LONG_NS)
		clock_watch();
	u64 now = now_of(operation);
	*out = posix_clock() + (ns > now ? ns - now : 0);
	return 0;
}

err_t futex_wait_at(struct posix_thread *self, u64 address, u32 expected, u64 deadline, u64 target)
{
	atomic_store_relaxed(&self->futex_target, target);
	atomic_store_release(&self->futex_address, address);
	err_t err = wait_futex(self, address, expected, deadline, HANDLE_NONE);
	atomic_store_relaxed(&self->futex_address, (u64)0);
	return err;
}

i64 futex_error(err_t err, bool has_deadline)
{
	switch (err) {
	case ERR_WOULD_BLOCK: return -EAGAIN;
	case ERR_INTERRUPTED: return has_deadline ? -ERESTARTNOHAND : -ERESTARTSYS;
	default: return posix_error(err);
	}
}

static i64 wait(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline;
	TRY_POSIX(futex_deadline(self, ARG_U32(1), ARG(3), &deadline));
	err_t err = futex_wait_at(self, ARG(0), ARG_U32(2), deadline, 0);
	return futex_error(err, deadline != DEADLINE_NEVER);
}

static i64 wake(u64 address, u32 count)
{
	u32 woken;
	err_t err = futex_wake(address, count, 0, 0, &woken);
	return err == OK ? (i64)woken : posix_error(err);
}

// A word that processes share is looked up by what is mapped there, so something has to be; where
// nothing is, none of the threads of one process waits.
static i64 wake_for(const struct arguments *arguments, u32 count)
{
	bool is_private = ARG_U32(1) & FUTEX_PRIVATE;
	u32 value;
	if (!is_private)
		TRY_POSIX(user_load_u32(ARG(0), &value));
	i64 woken = wake(ARG(0), count);
	return is_private && woken == -EFAULT ? 0 : woken;
}

static i64 requeue(const struct arguments *arguments, bool is_compared)
{
	u32 value, woken;
	TRY_POSIX(user_check(ARG(4), sizeof(u32)));
	if (is_compared) {
		TRY_POSIX(user_load_u32(ARG(0), &value));
		if (value != ARG_U32(5))
			return -EAGAIN;
	}
	TRY_ERR(futex_wake(ARG(0), ARG_U32(2), ARG(4), ARG_U32(3), &woken));
	return woken;
}

static u32 changed(u32 old, u32 code, u32 operand)
{
	switch (code >> 28 & 7) {
	case 0: return operand;
	case 1: return old + operand;
	case 2: return old | operand;
	case 3: return old & ~operand;
	default: return old ^ operand;
	}
}

static bool holds(u32 old, u32 code, u32 operand)
{
	i32 a = (i32)old, b = (i32)operand;
	switch (code >> 24 & 15) {
	case 0: return a == b;
	case 1: return a != b;
	case 2: return a < b;
	case 3: return a <= b;
	case 4: return a > b;
	default: return a >= b;
	}
}

static i32 sign_extended(u32 value) // 12 bits
{
	return (i32)(value << 20) >> 20;
}

// Changes the second word at once, wakes the first, and the second if its old value says so.
static i64 wake_op(const struct arguments *arguments)
{
	u32 code = ARG_U32(5), old;
	u32 operand = (u32)sign_extended(code >> 12), compared = (u32)sign_extended(code);
	if (code >> 28 & 8)
		operand = (u32)1 << (operand & 31);
	TRY_POSIX(user_load_u32(ARG(4), &old));
	for (i64 done = 0; !done;) {
		done = user_swap_u32(ARG(4), &old, changed(old, code, operand));
		TRY_POSIX(done);
	}
	i64 first = wake(ARG(0), ARG_U32(2));
	if (first < 0 || !holds(old, code, compared))
		return first;
	i64 second = wake(ARG(4), ARG_U32(3));
	return second < 0 ? second : first + second;
}

i64 call_futex(struct posix_thread *self, const struct arguments *arguments)
{
	if (ARG(0) & 3)
		return -EINVAL;
	u32 command = ARG_U32(1) & FUTEX_COMMAND_MASK;
	bool has_clock = command == FUTEX_WAIT_BITSET || command == FUTEX_WAIT_REQUEUE_PI ||
	                 command == FUTEX_LOCK_PI2;
	if (ARG_U32(1) & FUTEX_CLOCK_REALTIME && !has_clock)
		return -ENOSYS;
	TRY_POSIX(user_check(ARG(0), sizeof(u32)));
	switch (command) {
	case FUTEX_WAIT: return wait(self, arguments);
	case FUTEX_WAIT_BITSET: return ARG_U32(5) ? wait(self, arguments) : -EINVAL;
	case FUTEX_WAKE: return wake_for(arguments, ARG_U32(2));
	case FUTEX_WAKE_BITSET:
		if (!ARG_U32(5))
			return -EINVAL;
		return wake_for(arguments, ARG_U32(5) == UINT32_MAX ? ARG_U32(2) : INT32_MAX);
	case FUTEX_REQUEUE: return requeue(arguments, false);
	case FUTEX_CMP_REQUEUE: return requeue(arguments, true);
	case FUTEX_WAKE_OP: return wake_op(arguments);
	case FUTEX_LOCK_PI: return pi_lock(self, arguments, ARG_U32(1) | FUTEX_CLOCK_REALTIME);
	case FUTEX_LOCK_PI2: return pi_lock(self, arguments, ARG_U32(1));
	case FUTEX_TRYLOCK_PI: return pi_try(self, ARG(0));
	case FUTEX_UNLOCK_PI: return pi_unlock(self, ARG(0));
	case FUTEX_WAIT_REQUEUE_PI: return pi_wait(self, arguments);
	case FUTEX_CMP_REQUEUE_PI: return pi_requeue(arguments);
	}
	return -ENOSYS; // with priority inheritance: libraries ask, and then refuse such locks
}
