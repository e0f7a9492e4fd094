// SPDX-License-Identifier: MIT
// pi.c - locks with priority inheritance: the word holds the owner's thread id, and whether
// somebody waits. Who waits names the owner to the kernel, which lends it his priority (an owner in
// another process gets none). Who is woken takes the lock himself, so another may be quicker.
#include "lib/base/atomic.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/process/process.h"
#include "lib/posix/thread/futex.h"
#include "os/syscalls.h"

constexpr u32 WAITERS = 0x8000'0000, OWNER_DIED = 0x4000'0000, OWNER = 0x3fff'ffff;
constexpr u32 PROCESS_IDS = 1u << 22; // ids from here on are of threads, known to their process

// A handle to the owner, if it is one of ours; -ESRCH: nobody has this id.
static i64 owner_find(u32 id, handle_t *out)
{
	struct core_state *core = &posix_self()->core;
	const struct identity *mine = &posix_self()->identity;
	u32 parent, group, session, terminal;
	*out = HANDLE_NONE;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		const struct posix_thread *thread = container_of(node, struct posix_thread, node);
		if ((u32)thread->id == id)
			*out = thread->handle;
	}
	posix_lock_give(&core->threads_lock);
	if (out->raw || id == mine->pid || id >= PROCESS_IDS)
		return 0;
	err_t err = proc_ids((proc_t){ mine->connection }, id, &parent, &group, &session, &terminal);
	return err == ERR_NOT_FOUND ? -ESRCH : 0;
}

// Takes a lock that nobody has. waited: others may wait, too, without having said so since.
// 1: taken; 0: somebody has it, and *value is what the word holds.
static i64 take(const struct posix_thread *self, u64 address, u32 waited, u32 *value)
{
	TRY_POSIX(user_load_u32(address, value));
	while (!(*value & OWNER)) {
		u32 wanted = (u32)self->id | (*value & (WAITERS | OWNER_DIED)) | waited;
		i64 answer = user_swap_u32(address, value, wanted);
		if (answer)
			return answer;
	}
	return (*value & OWNER) == (u32)self->id ? -EDEADLK : 0;
}

// Waits until the owner gives it away, as the word was when we said that we wait.
static i64 wait_once(struct posix_thread *self, u64 address, u32 value, u64 deadline)
{
	handle_t owner;
	if (!(value & WAITERS)) {
		i64 answer = user_swap_u32(address, &value, value | WAITERS);
		if (answer <= 0)
			return answer;
	}
	TRY_POSIX(owner_find(value & OWNER, &owner));
	err_t err = wait_futex(self, address, value | WAITERS, deadline, owner);
	if (err == ERR_INTERRUPTED)
		return -ERESTARTNOINTR;
	return err == ERR_WOULD_BLOCK ? 0 : posix_error(err);
}

static i64 lock(struct posix_thread *self, u64 address, u64 deadline, u32 waited)
{
	u32 value;
	for (;;) {
		i64 answer = take(self, address, waited, &value);
		if (answer)
			return answer < 0 ? answer : 0;
		TRY_POSIX(wait_once(self, address, value, deadline));
		waited = WAITERS;
	}
}

i64 pi_lock(struct posix_thread *self, const struct arguments *arguments, u32 operation)
{
	u64 deadline;
	TRY_POSIX(futex_deadline(self, operation, ARG(3), &deadline));
	return lock(self, ARG(0), deadline, 0);
}

i64 pi_try(struct posix_thread *self, u64 address)
{
	u32 value;
	i64 answer = take(self, address, 0, &value);
	return answer > 0 ? 0 : answer ? answer : -EAGAIN;
}

i64 pi_unlock(struct posix_thread *self, u64 address)
{
	u32 value, woken;
	TRY_POSIX(user_load_u32(address, &value));
	for (;;) {
		if ((value & OWNER) != (u32)self->id)
			return -EPERM;
		i64 answer = user_swap_u32(address, &value, 0);
		TRY_POSIX(answer);
		if (answer)
			break;
	}
	if (value & WAITERS)
		(void)futex_wake(address, 1, 0, 0, &woken);
	return 0;
}

// Waits at the first word; then, woken there or moved to the lock meanwhile, takes the lock.
i64 pi_wait(struct posix_thread *self, const struct arguments *arguments)
{
	u64 deadline;
	if (ARG(0) == ARG(4) || ARG(4) & 3)
		return -EINVAL;
	TRY_POSIX(user_check(ARG(4), sizeof(u32)));
	TRY_POSIX(futex_deadline(self, ARG_U32(1), ARG(3), &deadline));
	err_t err = futex_wait_at(self, ARG(0), ARG_U32(2), deadline, ARG(4));
	if (err == ERR_INTERRUPTED)
		return -ERESTARTNOINTR;
	if (err != OK)
		return err == ERR_WOULD_BLOCK ? -EAGAIN : posix_error(err);
	i64 answer = lock(self, ARG(4), deadline, WAITERS);
	return answer == -ERESTARTNOINTR ? -EAGAIN : answer;
}

// Somebody of this process waits at the first word, but not for this lock.
static bool has_other_waiter(u64 address, u64 target)
{
	struct core_state *core = &posix_self()->core;
	bool is_there = false;
	posix_lock_take(&core->threads_lock);
	LIST_EACH(node, &core->threads) {
		const struct posix_thread *thread = container_of(node, struct posix_thread, node);
		is_there |= atomic_load_acquire(&thread->futex_address) == address &&
		            atomic_load_relaxed(&thread->futex_target) != target;
	}
	posix_lock_give(&core->threads_lock);
	return is_there;
}

// One is woken, who takes the lock or waits for it; the others wait at the lock from now on.
i64 pi_requeue(const struct arguments *arguments)
{
	u32 value, held, woken;
	if (ARG(0) == ARG(4) || ARG(4) & 3 || ARG_U32(2) != 1)
		return -EINVAL;
	TRY_POSIX(user_check(ARG(4), sizeof(u32)));
	TRY_POSIX(user_load_u32(ARG(0), &value));
	if (value != ARG_U32(5))
		return -EAGAIN;
	if (has_other_waiter(ARG(0), ARG(4)))
		return -EINVAL;
	TRY_POSIX(user_load_u32(ARG(4), &held));
	for (i64 done = !(held & OWNER) || held & WAITERS; !done;) { // its giver has to wake them
		done = user_swap_u32(ARG(4), &held, held | WAITERS);
		TRY_POSIX(done);
		done |= !(held & OWNER);
	}
	TRY_ERR(futex_wake(ARG(0), 1, ARG(4), ARG_U32(3), &woken));
	return woken;
}
