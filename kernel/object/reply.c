// SPDX-License-Identifier: MIT
// reply.c - a call put aside to be answered later, by any thread that has the reply handle. It
// holds the caller (reply->caller) and the caller holds it (call.saved) until the call ends on
// either side: whoever exchanges reply->caller to null owns the right to answer.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

static struct thread *_Nullable take_caller(struct reply *reply)
{
	return atomic_exchange_acq_rel(&reply->caller, (struct thread *)nullptr);
}

// The call leaves the server's hands: from now on it is answered by compare-and-swap. Whoever
// guessed the handle and used it before that has taken reply->caller, and found no call to answer.
static void move_call(struct thread *server, struct reply *reply)
{
	struct thread *caller = server->caller;
	struct call *call = &caller->call;
	if (!server->caller_is_remote) {
		(void)call_set_state(call, CALL_TAKEN);
		sched_reclaim(caller);
		call->is_remote = true;
		call->server = nullptr;
	} else {
		object_put(&caller->object); // the reply has its own
	}
	call_release(server);
	// A remote caller may read call.saved as soon as the state says so.
	object_get(&reply->object);
	if (!call_step(call, reply->call_state, CALL_TAKEN, CALL_COPYING)) {
		object_put(&reply->object); // it left: answering will say ERR_GONE
		return;
	}
	atomic_store_release(&call->saved, reply);
	if (!call_step(call, reply->call_state, CALL_COPYING, CALL_SAVED))
		call_forget_saved(call); // it was killed, and may or may not have seen the reply
	else if (atomic_load_acquire(&call->is_cancelled) ||
			 atomic_load_acquire(&call->abandon_with) != OK)
		request_send(caller, REQUEST_INTERRUPT_CALL);
	else if (!atomic_load_seq_cst(&reply->caller))
		call_drop_remote(caller, reply->call_state);
}

// Before there is a handle: what it will be the right to answer.
static void prepare(struct reply *reply, struct thread *server, struct thread *caller)
{
	u32 number = atomic_load_relaxed(&caller->call.state);
	if (server->caller_is_remote)
		number = server->caller_call;
	reply->call_state = (number & ~(u32)CALL_STATE_MASK) | CALL_SAVED;
	reply->notice.kind = NOTICE_CANCEL;
	object_get(&caller->object);
	reply->caller = caller;
	object_get(&server->port->object);
	reply->port = server->port;
}

err_t reply_create(struct thread *server, handle_t *out)
{
	struct object *object;
	if (!server->port)
		return ERR_STATE;
	TRY(object_create(OBJECT_REPLY, sizeof(struct reply), server->process->quota, &object));
	struct reply *reply = reply_of(object);
	prepare(reply, server, server->caller);
	err_t err = handle_install(&server->process->handles, object, 0, out);
	if (err == OK) {
		reply->handle = *out;
		move_call(server, reply);
	} else {
		reply->caller = nullptr;
		object_put(&server->caller->object);
	}
	object_put(object);
	return err;
}

err_t reply_answer(struct reply *reply, struct thread *server, u64 tag)
{
	TRY(message_check(server, tag, false));
	struct thread *caller = take_caller(reply);
	if (!caller)
		return ERR_GONE;
	err_t err = call_answer_remote(caller, reply->call_state, tag, server);
	if (err != OK)
		call_drop_remote(caller, reply->call_state); // its handles could not be passed
	object_put(&caller->object);
	return err;
}

// Cancelled: the caller still waits, an early answer is welcome. Abandoned: nobody waits.
bool reply_tell(struct reply *reply, struct thread *server)
{
	struct thread *caller = atomic_load_acquire(&reply->caller);
	if (!caller)
		return false;
	u32 state = atomic_load_acquire(&caller->call.state); // COPYING: of lent memory, this moment
	bool is_waiting = state == reply->call_state ||
	                  state == ((reply->call_state & ~(u32)CALL_STATE_MASK) | CALL_COPYING);
	enum message_kind kind = is_waiting ? MESSAGE_CANCEL : MESSAGE_ABANDON;
	struct thread_registers *regs = &server->registers;
	registers_set_error(regs, OK);
	registers_set_badge(regs, reply->handle.raw);
	registers_set_tag(regs, (u64)kind << TAG_KIND_SHIFT);
	registers_set_identity(regs, 0);
	return true;
}

static void reply_unreachable(struct object *object)
{
	struct reply *reply = reply_of(object);
	struct thread *caller = take_caller(reply);
	if (!caller)
		return;
	call_drop_remote(caller, reply->call_state);
	object_put(&caller->object);
}

static void reply_destroy(struct object *object)
{
	struct reply *reply = reply_of(object);
	reply_unreachable(object);
	object_put(&reply->port->object);
}

const struct object_class reply_class = {
	.size = sizeof(struct reply),
	.unreachable = reply_unreachable,
	.destroy = reply_destroy,
};
