// SPDX-License-Identifier: MIT
// call.c - the life of a call, on every way but the fast one.
// Caller and server on one CPU: plain stores, since only this CPU changes either. Else ("remote")
// call.state moves by compare-and-swap, so that an answer, a time-out and a death can race: one
// wins. The caller's registers keep the request until the answer, so repeating a call is doing its
// system call again.
#include "kernel/object/call.h"

#include "kernel/arch/arch.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

constexpr u8 CALL_DEATHS_MAX = 2; // a call that kills its server twice is not given to a third

bool call_step(struct call *call, u32 number, enum call_state from, enum call_state to)
{
	u32 expected = (number & ~(u32)CALL_STATE_MASK) | from;
	u32 wanted = (number & ~(u32)CALL_STATE_MASK) | to;
	return atomic_swap_if_acq_rel(&call->state, &expected, wanted);
}

u32 call_set_state(struct call *call, enum call_state state)
{
	u32 number = atomic_load_relaxed(&call->state) & ~(u32)CALL_STATE_MASK;
	if (state == CALL_NONE)
		number += CALL_STATE_NEXT;
	atomic_store_release(&call->state, number | state);
	return number | state;
}

void call_forget_saved(struct call *call)
{
	struct reply *saved = atomic_exchange_acq_rel(&call->saved, (struct reply *)nullptr);
	if (saved)
		object_put(&saved->object);
}

// Its CPU tells the server what became of the call in its hand.
static void tell_far_server(struct call *call)
{
	if (call->far_server)
		request_send(call->far_server, REQUEST_LOOK);
}

// Who has the reply handle hears of it. False: nobody has, or who saved it is taking that back.
static bool tell_saved(struct call *call)
{
	struct reply *saved = atomic_load_acquire(&call->saved);
	if (saved)
		port_notify(saved->port, &saved->notice);
	return saved != nullptr;
}

// The caller goes on with this result; its words are set already if there are any.
static void finish(struct thread *caller, err_t result)
{
	struct call *call = &caller->call;
	(void)call_set_state(call, CALL_NONE);
	call->is_remote = false;
	atomic_store_relaxed(&call->is_cancelled, false);
	call->deaths = 0;
	atomic_store_relaxed(&call->abandon_with, OK);
	if (caller->timer.is_armed)
		timer_disarm(&caller->timer);
	registers_set_error(&caller->registers, result);
	call_forget_saved(call);
	if (call->far_server)
		object_put(&call->far_server->object);
	call->far_server = nullptr;
	sched_ready(caller);
}

static void repeat(struct thread *caller)
{
	u8 deaths = caller->call.deaths;
	u64 number = registers_number(&caller->registers);
	finish(caller, OK);
	caller->call.deaths = deaths;
	arch_repeat_call(caller, number);
}

static err_t check_target(const struct thread *caller, const struct port *port)
{
	u8 level = caller->process->level;
	if (atomic_load_relaxed(&port->is_closed))
		return ERR_CLOSED;
	if (port->level >= level && level != LEVEL_PROGRAM)
		return ERR_LEVEL;
	return caller->depth >= CALL_DEPTH_MAX ? ERR_DEPTH : OK;
}

static void show_message(struct thread *server, const struct thread *caller, u64 badge)
{
	struct thread_registers *regs = &server->registers;
	registers_set_error(regs, OK);
	registers_set_badge(regs, badge);
	registers_set_tag(regs, registers_tag(&caller->registers) & ~TAG_KIND_MASK);
	registers_set_identity(regs, atomic_load_relaxed(&caller->process->identity));
	registers_copy_words(regs, &caller->registers);
	atomic_store_relaxed(&server->block->cancelled, 0u);
	server->depth = caller->depth + 1;
}

// Puts the caller into the port's queue and parks it. The queue's lock decides against a close.
static err_t queue(struct thread *caller, struct connection *connection, u64 deadline)
{
	struct port *port = connection->port;
	struct call *call = &caller->call;
	lock_take(&port->lock);
	if (port->is_closed) {
		lock_give(&port->lock);
		return ERR_CLOSED;
	}
	atomic_store_relaxed(&call->port, port);
	object_get(&port->object);
	call->badge = connection->badge;
	call->server = nullptr;
	atomic_store_relaxed(&caller->state, (u8)THREAD_CALLING);
	(void)call_set_state(call, CALL_QUEUED);
	list_push_back(&port->calls, &call->node);
	port_set_pending(port);
	lock_give(&port->lock);
	timer_arm(&caller->timer, deadline);
	sched_block();
	port_kick(port);
	return SYSCALL_BLOCKED;
}

err_t call_make(struct thread *caller)
{
	struct thread_registers *regs = &caller->registers;
	u64 tag = registers_tag(regs);
	struct object *object;
	u64 handle = registers_argument(regs, 0);
	TRY(handle_lookup(caller, handle, OBJECT_CONNECTION, RIGHT_CALL, &object));
	TRY(message_check(caller, tag, true));
	struct connection *connection = connection_of(object);
	TRY(check_target(caller, connection->port));
	u64 deadline = DEADLINE_NEVER;
	if (tag & TAG_DEADLINE)
		deadline = atomic_load_relaxed(&caller->block->deadline);
	if (deadline <= clock_now())
		return ERR_TIMED_OUT;
	return queue(caller, connection, deadline);
}

void call_take(struct thread *server, struct thread *caller)
{
	struct call *call = &caller->call;
	bool is_remote = atomic_load_relaxed(&caller->home) != cpu_self()->id;
	call->is_remote = is_remote;
	call->far_server = is_remote ? server : nullptr; // before the state, which the caller looks at
	if (is_remote)
		object_get(&server->object);
	u32 state =
		call_set_state(call, is_remote ? CALL_COPYING : CALL_TAKEN); // until its message is read
	call->server = is_remote ? nullptr : server;
	server->caller = caller;
	server->caller_is_lost = false;
	server->caller_is_remote = is_remote;
	server->caller_call = (state & ~(u32)CALL_STATE_MASK) | CALL_TAKEN;
	if (is_remote)
		object_get(&caller->object);
}

void call_release(struct thread *server)
{
	server->caller = nullptr;
	server->caller_is_remote = false;
	server->depth = 0;
	atomic_store_relaxed(&server->block->cancelled, 0u);
}

// The server, not running, goes on as part of its caller's time.
static void donate(struct thread *caller, struct thread *server)
{
	bool is_current = cpu_self()->current == server;
	if (is_current)
		sched_pause_entity();
	sched_donate(caller, server);
	if (is_current)
		sched_run_entity(server->entity);
}

bool call_let_go(struct thread *caller, u32 number, enum call_state to)
{
	struct call *call = &caller->call;
	if (!call_step(call, number, CALL_COPYING, to))
		return false;
	if (atomic_load_seq_cst(&call->abandon_with) != OK)
		request_send(caller, REQUEST_INTERRUPT_CALL);
	return true;
}

// Its message cannot be had.
static void refuse(struct thread *server, struct thread *caller, err_t err)
{
	bool is_remote = server->caller_is_remote;
	call_release(server);
	if (!is_remote) {
		finish(caller, err);
		return;
	}
	(void)call_answer_remote(caller, server->caller_call, (u32)err, nullptr);
	object_put(&caller->object);
}

bool call_deliver_taken(struct thread *server)
{
	struct thread *caller = server->caller;
	struct call *call = &caller->call;
	struct port *port = call->port;
	atomic_store_relaxed(&call->port, (struct port *)nullptr); // pairs with unqueue
	u32 handles = message_handles(registers_tag(&caller->registers));
	err_t err = message_pass_handles(caller, handles, server);
	if (err == OK) {
		if (!server->caller_is_remote)
			donate(caller, server);
		show_message(server, caller, call->badge);
	}
	if (server->caller_is_remote)
		(void)call_let_go(caller, server->caller_call, CALL_TAKEN);
	if (err != OK)
		refuse(server, caller, err);
	if (port)
		object_put(&port->object);
	return err == OK;
}

err_t call_answer_remote(struct thread *caller, u32 state, u64 tag, struct thread *_Nullable server)
{
	struct call *call = &caller->call;
	enum call_state from = state & CALL_STATE_MASK;
	if (!call_step(call, state, from, CALL_COPYING)) // only one may write the answer
		return ERR_GONE;
	// Not before: who has left has its table and block for itself again.
	err_t err = server ? message_pass_handles(server, message_handles(tag), caller) : OK;
	if (err != OK)
		return call_let_go(caller, state, from) ? err : ERR_GONE;
	call->reply_tag = tag;
	call->is_restart = false;
	for (u32 i = 0; server && i < MESSAGE_WORDS; i++)
		AT(call->reply, i) = registers_word(&server->registers, i);
	if (!call_step(call, state, CALL_COPYING, CALL_ANSWERED))
		return ERR_GONE; // killed meanwhile
	request_send(caller, REQUEST_ANSWERED);
	return OK;
}

static bool may_repeat(const struct thread *caller)
{
	return registers_tag(&caller->registers) & TAG_IDEMPOTENT &&
	       caller->call.deaths < CALL_DEATHS_MAX;
}

void call_drop_remote(struct thread *caller, u32 state)
{
	struct call *call = &caller->call;
	if (!call_step(call, state, state & CALL_STATE_MASK, CALL_COPYING))
		return;
	call->deaths++;
	call->is_restart = may_repeat(caller);
	call->reply_tag = (u32)ERR_RESTARTED;
	if (call_step(call, state, CALL_COPYING, CALL_ANSWERED))
		request_send(caller, REQUEST_ANSWERED);
}

void call_complete(struct thread *caller)
{
	struct call *call = &caller->call;
	if (caller->state != THREAD_CALLING || !call_is(call, CALL_ANSWERED))
		return;
	if (call->is_restart) {
		call->is_restart = false;
		repeat(caller);
		return;
	}
	registers_set_tag(&caller->registers, call->reply_tag);
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		registers_set_word(&caller->registers, i, AT(call->reply, i));
	finish(caller, (err_t)(i32)(u32)call->reply_tag);
}

static err_t reply_local(struct thread *server, struct thread *caller, u64 tag)
{
	TRY(message_pass_handles(server, message_handles(tag), caller));
	call_release(server);
	sched_reclaim(caller);
	registers_set_tag(&caller->registers, tag);
	registers_copy_words(&caller->registers, &server->registers);
	finish(caller, (err_t)(i32)(u32)tag);
	return OK;
}

err_t call_reply(struct thread *server, u64 tag)
{
	struct thread *caller = server->caller;
	if (!caller) {
		bool was_lost = server->caller_is_lost;
		server->caller_is_lost = false;
		atomic_store_relaxed(&server->block->cancelled, 0u);
		return was_lost ? ERR_GONE : ERR_STATE;
	}
	TRY(message_check(server, tag, false));
	if (!server->caller_is_remote)
		return reply_local(server, caller, tag);
	err_t err = call_answer_remote(caller, server->caller_call, tag, server);
	if (err == OK || err == ERR_GONE) {
		call_release(server);
		object_put(&caller->object);
	}
	return err;
}

void call_drop(struct thread *server)
{
	struct thread *caller = server->caller;
	if (!caller)
		return;
	bool is_remote = server->caller_is_remote;
	call_release(server);
	if (is_remote) {
		call_drop_remote(caller, server->caller_call);
		object_put(&caller->object);
		return;
	}
	sched_reclaim(caller);
	caller->call.deaths++;
	if (may_repeat(caller))
		repeat(caller);
	else
		finish(caller, ERR_RESTARTED);
}

// Out of the port's queue, unless a server was faster.
static bool unqueue(struct thread *caller)
{
	struct call *call = &caller->call;
	struct port *port = atomic_load_relaxed(&call->port); // a server may be taking it
	if (!call_is(call, CALL_QUEUED) || !port)
		return false;
	lock_take(&port->lock);
	bool was_queued = call_is(call, CALL_QUEUED);
	if (was_queued) {
		list_remove(&call->node);
		port_set_pending(port);
		atomic_store_relaxed(&call->port, (struct port *)nullptr);
	}
	lock_give(&port->lock);
	if (was_queued)
		object_put(&port->object);
	return was_queued;
}

// A remote call is left by giving it a new number, under which nobody else looks for it. A dying
// caller leaves in any case.
static bool leave_remote(struct thread *caller, err_t result)
{
	struct call *call = &caller->call;
	u32 state = atomic_load_acquire(&call->state);
	u32 left = (state & ~(u32)CALL_STATE_MASK) + CALL_STATE_NEXT;
	if (caller->work & WORK_KILL) {
		atomic_exchange_acq_rel(&call->state, left);
		return true;
	}
	enum call_state now = state & CALL_STATE_MASK;
	if (now == CALL_COPYING)
		atomic_store_seq_cst(&call->abandon_with, result); // the copier looks when it is done
	if (now == CALL_COPYING || now == CALL_ANSWERED)
		return false;
	return atomic_swap_if_acq_rel(&call->state, &state, left);
}

static void leave_local(struct thread *caller)
{
	struct thread *server = caller->call.server;
	if (server) {
		call_release(server);
		server->caller_is_lost = true;
		atomic_store_relaxed(&server->block->cancelled, 1u);
	}
	sched_reclaim(caller);
}

bool call_abandon(struct thread *caller, err_t result)
{
	struct call *call = &caller->call;
	if (caller->state != THREAD_CALLING)
		return false;
	err_t wanted = atomic_load_acquire(&call->abandon_with);
	if (wanted != OK)
		result = wanted;
	bool was_queued = unqueue(caller);
	if (!was_queued && !call->is_remote)
		leave_local(caller);
	else if (!was_queued && !leave_remote(caller, result))
		return false;
	if (!tell_saved(call))
		tell_far_server(call);
	finish(caller, result);
	return true;
}

void call_cancel(struct thread *caller)
{
	struct call *call = &caller->call;
	if (caller->state != THREAD_CALLING)
		return;
	if (unqueue(caller)) {
		finish(caller, ERR_INTERRUPTED);
		return;
	}
	atomic_store_seq_cst(&call->is_cancelled, true);
	if (!call->is_remote && call->server)
		atomic_store_relaxed(&call->server->block->cancelled, 1u);
	else if (!tell_saved(call))
		tell_far_server(call);
}

void call_look(struct thread *server)
{
	struct thread *caller = server->caller;
	if (!caller || !server->caller_is_remote)
		return; // it has answered meanwhile
	u32 state = atomic_load_acquire(&caller->call.state);
	bool has_left = (state ^ server->caller_call) & ~(u32)CALL_STATE_MASK;
	if (has_left || atomic_load_seq_cst(&caller->call.is_cancelled))
		atomic_store_relaxed(&server->block->cancelled, 1u);
}

void call_interrupt(struct thread *caller)
{
	err_t wanted = atomic_load_acquire(&caller->call.abandon_with);
	if (wanted != OK)
		call_abandon(caller, wanted);
	else if (atomic_load_acquire(&caller->call.is_cancelled))
		call_cancel(caller);
}

// Each is answered as its home CPU finds it: an answer without words.
void calls_fail_all(struct port *port)
{
	for (;;) {
		lock_take(&port->lock);
		struct list_node *node = list_pop_front(&port->calls);
		struct thread *caller = node ? container_of(node, struct thread, call.node) : nullptr;
		u32 state = 0;
		if (caller) {
			object_get(&caller->object);
			caller->call.is_remote = true;
			atomic_store_relaxed(&caller->call.port, (struct port *)nullptr);
			state = call_set_state(&caller->call, CALL_TAKEN);
		}
		port_set_pending(port);
		lock_give(&port->lock);
		if (!caller)
			return;
		(void)call_answer_remote(caller, state, (u32)ERR_CLOSED, nullptr);
		object_put(&caller->object);
		object_put(&port->object);
	}
}
