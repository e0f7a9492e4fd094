// SPDX-License-Identifier: MIT
// call.h - the life of a call: made, queued or taken at once, saved, answered, cancelled, lost.
// connection_call -> [queued] -> taken -> [saved] -> answered. Registers of the caller keep the
// request until the answer, so a call is repeated by doing the caller's system call again.
#pragma once

#include "kernel/memory/user.h"
#include "kernel/object/port.h"

NONNULL_BEGIN

static inline bool call_is(const struct call *call, enum call_state state)
{
	return (__atomic_load_n(&call->state, __ATOMIC_ACQUIRE) & CALL_STATE_MASK) == state;
}

// One step of a call that another CPU or a reply object may be changing too. False: it was not in
// the state `from` of the numbered call.
bool call_step(struct call *call, u32 number, enum call_state from, enum call_state to);

// The two fast calls, entered by the architecture with the caller's registers saved.
void syscall_connection_call(struct thread *caller);
void syscall_port_reply_wait(struct thread *server);

// Plain: only while no other CPU is involved. A finished call (CALL_NONE) gets a new number.
// Returns what call.state is now.
u32 call_set_state(struct call *call, enum call_state state);

// The caller's side lets go of the reply object; also who saved it, when the caller died meanwhile:
// whoever comes first drops the reference.
void call_forget_saved(struct call *call);

// Slow way of connection_call: everything that call_fast.c does not do.
err_t call_make(struct thread *caller);
// Slow way of port_reply_wait.
err_t port_wait(struct thread *server);

// Home CPU of the caller: ends its call from outside. False when an answer is on its way, or its
// lent memory is being copied this moment (then the copier asks again).
bool call_abandon(struct thread *caller, err_t result);
// Home CPU of the caller: tells the server that the caller was interrupted; the call goes on. A
// call nobody has taken yet ends with ERR_INTERRUPTED.
void call_cancel(struct thread *caller);
// REQUEST_INTERRUPT_CALL: leaves or cancels, whichever was asked for while it could not be done.
void call_interrupt(struct thread *caller);
void call_look(struct thread *server); // is its caller, on another CPU, cancelled or gone?
// The server gives up the call in hand without an answer: it is repeated or gets ERR_RESTARTED.
void call_drop(struct thread *server);
// REQUEST_ANSWERED on the caller's home CPU: its results are in call.reply.
void call_complete(struct thread *caller);
// A call off the port's queue comes into the server's hands. port->lock held.
void call_take(struct thread *server, struct thread *caller);
// The rest of it without the lock: handles and words. False: the call failed and was answered.
bool call_deliver_taken(struct thread *server);
// All calls queued at a closed port fail with ERR_CLOSED.
void calls_fail_all(struct port *port);
// The call leaves the server's hands: after it the server serves nobody.
void call_release(struct thread *server);
// A remote caller was held (COPYING) for a moment: now it may leave, and may have wanted to. False:
// it was killed.
bool call_let_go(struct thread *caller, u32 number, enum call_state to);
// Answers the call in hand from the server's registers and thread block. ERR_GONE: nobody waits.
err_t call_reply(struct thread *server, u64 tag);
// Writes an answer with the server's handles and words, if there is one, into a call that is out of
// this CPU's hands, and sends it home. `state`: what call.state was when it was taken or saved.
// ERR_GONE: the caller left. Other errors: a handle could not be passed, the call stays as it was.
err_t call_answer_remote(
	struct thread *caller, u32 state, u64 tag, struct thread *_Nullable server);
// It was dropped: to be repeated if its protocol allows, else ERR_RESTARTED.
void call_drop_remote(struct thread *caller, u32 state);

// Saved calls (reply.c).
err_t reply_create(struct thread *server, handle_t *out); // of a server with a call in hand
err_t reply_answer(struct reply *reply, struct thread *server, u64 tag);
bool reply_tell(struct reply *reply, struct thread *server); // false: nothing to tell

// Handles of a message; on an error nothing was passed (message.c).
err_t message_check(const struct thread *from, u64 tag, bool is_call);
err_t message_pass_handles(struct thread *from, u32 count, struct thread *to);
// How passing ends: the block of who has them now tells of all, or after an error they are closed.
err_t message_show_handles(
	struct thread *to, const handle_t (*passed)[MESSAGE_HANDLES], u32 count, err_t err);
static inline u32 message_handles(u64 tag)
{
	return tag >> TAG_HANDLES_SHIFT & 7;
}

// At most 64 KiB at a time between lent memory and the server's (lease.c).
struct lease_copy {
	u32 index; // of the lend
	u64 offset;
	struct user_span mine;
	bool to_caller;
};
err_t lease_copy(
	struct thread *server, struct reply *_Nullable reply, const struct lease_copy *copy, u64 *done);

NONNULL_END
