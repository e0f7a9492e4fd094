// SPDX-License-Identifier: MIT
// port_wait.c - the slow way of port_reply_wait: answer what is in hand, then take what is queued,
// or idle until something is.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"
#include "lib/base/view.h"

// From now on the port's work comes to this CPU too.
static void enlist(struct port *port, struct thread *server)
{
	u32 bit = 1u << cpu_self()->id;
	if (server->port != port) {
		port_leave(server);
		object_get(&port->object);
		server->port = port;
	}
	if (!(atomic_load_relaxed(&port->waiters) & bit))
		atomic_or_seq_cst(&port->waiters, bit); // pairs with port_kick
}

static err_t find_port(struct thread *server, struct port *_Nullable *_Nonnull out)
{
	u64 handle = registers_argument(&server->registers, 0);
	struct object *object;
	TRY(handle_lookup(server, handle, OBJECT_PORT, RIGHT_SERVE, &object));
	*out = port_of(object);
	return OK;
}

static err_t wait_deadline(const struct thread *server, u64 tag, u64 *out)
{
	*out = DEADLINE_NEVER;
	if (!(tag & TAG_DEADLINE))
		return OK;
	*out = atomic_load_relaxed(&server->block->deadline);
	return *out <= clock_now() ? ERR_TIMED_OUT : OK;
}

static err_t answer(struct thread *server, u64 tag)
{
	if (tag & TAG_REPLY)
		return call_reply(server, tag);
	call_drop(server); // it waits for the next without answering this one
	server->caller_is_lost = false;
	return OK;
}

err_t port_wait(struct thread *server)
{
	u64 tag = registers_tag(&server->registers);
	struct port *port;
	u64 deadline;
	TRY(find_port(server, &port));
	TRY(answer(server, tag));
	enlist(port, server);
	if (atomic_load_seq_cst(&port->pending) && port_receive(port, server))
		return SYSCALL_BLOCKED; // its registers are set and it runs on
	if (atomic_load_relaxed(&port->is_closed))
		return ERR_CLOSED;
	if (tag & TAG_POLL)
		return ERR_WOULD_BLOCK;
	TRY(wait_deadline(server, tag, &deadline));
	atomic_store_relaxed(&server->state, (u8)THREAD_IDLE);
	list_push_front(&AT(port->idle, cpu_self()->id), &server->idle_node);
	timer_arm(&server->timer, deadline);
	sched_block();
	return SYSCALL_BLOCKED;
}

err_t port_object_create(struct quota *quota, u8 level, struct port *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_PORT, sizeof(struct port), quota, &object));
	struct port *port = port_of(object);
	lock_init(&port->lock, RANK_PORT);
	list_init(&port->calls);
	list_init(&port->notices);
	list_init(&port->bindings);
	list_init(&port->connections);
	list_init(&port->pagers);
	for (u32 i = 0; i < CPU_MAX; i++) {
		list_init(&AT(port->idle, i));
		AT(port->kick, i).port = port;
	}
	port->level = level;
	*out = port;
	return OK;
}
