// SPDX-License-Identifier: MIT
// call.h - the life of a call: made, queued or taken at once, saved, answered, cancelled, lost.
// connection_call -> [queued] -> taken -> [saved] -> answered. Registers of the caller keep the
// request until the answer, so a call is repeated by doing the caller's system call again.
#pragma once

#include "kernel/memory/user.h"
#include "kernel/object/port.h"

NONNULL_BEGIN

// Home CPU of the caller: ends its call from outside. Returns false if an answer is already on its
// way. Notices go to whoever saved it.
bool call_abandon(struct thread *caller, err_t result);
// Home CPU of the caller: tells the server that the caller was interrupted; the call goes on.
void call_cancel(struct thread *caller);
// The server (or a reply object) gives up a call without an answer: repeat it or ERR_RESTARTED.
void call_drop(struct thread *server);
// REQUEST_ANSWERED on the caller's home CPU: its results are in call.reply.
void call_complete(struct thread *caller);
// Answers the call in hand from the server's registers and thread block. ERR_GONE: nobody waits.
err_t call_reply(struct thread *server, u64 tag);
// The same for a saved call; consumes what it holds of the caller.
err_t reply_answer(struct reply *reply, struct thread *server, u64 tag);
err_t reply_create(struct thread *server, handle_t *out);
err_t lease_copy(struct thread *server, struct reply *_Nullable reply, u32 index, u64 offset,
	struct user_span mine, bool to_caller, u64 *done);
// Moves a queued call of the port into `server`'s hands (its registers are set). port->lock held.
void call_take(struct thread *server, struct thread *caller);
// All calls queued at a closed port fail with ERR_CLOSED.
void calls_fail_all(struct port *port);
// Handles and lends of a message (slow path).
err_t message_pass_handles(struct thread *from, u32 count, struct thread *to);

NONNULL_END
