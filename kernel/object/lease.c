// SPDX-License-Identifier: MIT
// lease.c - a service reads and writes the memory that its caller lent, page by page through the
// kernel: one copy, bounds-checked, nothing mapped. While a copy runs on a remote call its state is
// COPYING, so that a caller that times out does not get its memory written to afterwards.
#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_block.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

// The window of the lend that this copy touches, as an address of the caller.
static err_t window(
	const struct thread *caller, const struct lease_copy *copy, struct user_span *out)
{
	u32 lends = registers_tag(&caller->registers) >> TAG_LENDS_SHIFT & 7;
	if (copy->index >= lends || copy->index >= MESSAGE_LENDS)
		return ERR_RANGE;
	const struct lend lend = block_lend(caller->block, copy->index);
	if (!(lend.direction & (copy->to_caller ? LEND_WRITE : LEND_READ)))
		return ERR_RIGHTS;
	if (copy->offset > lend.size)
		return ERR_RANGE;
	if (lend.size)
		TRY(user_span_check(lend.address, lend.size));
	*out = (struct user_span){ lend.address + copy->offset, lend.size - copy->offset };
	return OK;
}

static err_t copy_now(struct thread *caller, const struct lease_copy *copy, u64 *done)
{
	struct user_span theirs = {};
	struct space *other;
	TRY(window(caller, copy, &theirs));
	if (process_space(caller->process, &other) != OK)
		return ERR_GONE; // it is being killed
	struct space_copy bytes = {
		.other = other,
		.address = theirs.address,
		.mine = { copy->mine.address, min_u64(copy->mine.size, theirs.size) },
		.to_other = copy->to_caller,
	};
	err_t err = bytes.mine.size ? space_copy(&bytes) : OK;
	*done = bytes.done;
	return err;
}

// Holds the caller in its call while the copy runs.
static err_t copy_remote(struct thread *caller, u32 state, const struct lease_copy *copy, u64 *done)
{
	struct call *call = &caller->call;
	enum call_state from = state & CALL_STATE_MASK;
	if (!call_step(call, state, from, CALL_COPYING))
		return atomic_load_acquire(&call->state) == ((state & ~(u32)CALL_STATE_MASK) | CALL_COPYING)
		           ? ERR_BUSY
		           : ERR_GONE;
	err_t err = copy_now(caller, copy, done);
	return call_let_go(caller, state, from) ? err : ERR_GONE;
}

err_t lease_copy(
	struct thread *server, struct reply *_Nullable reply, const struct lease_copy *copy, u64 *done)
{
	struct thread *caller = reply ? atomic_load_acquire(&reply->caller) : server->caller;
	if (!caller)
		return reply || server->caller_is_lost ? ERR_GONE : ERR_STATE;
	if (reply || server->caller_is_remote)
		return copy_remote(caller, reply ? reply->call_state : server->caller_call, copy, done);
	return copy_now(caller, copy, done);
}
