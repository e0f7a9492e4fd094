// SPDX-License-Identifier: MIT
// port.c - queues of a port and how its servers come to the work in them.
// work queued -> pending -> port_kick -> a server that idles here, or CPUs where servers idle look
// Not here: calls that find an idle server at once (call_fast.c), what a call is (call.c).
#include "kernel/object/port.h"

#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/memory.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

// The object around a queued notice: it is referenced while the notice is queued. Bindings are no
// objects; they leave the queue before they are freed.
static struct object *_Nullable notice_object(struct notice *notice)
{
	switch (notice->kind) {
	case NOTICE_BINDING: return nullptr;
	case NOTICE_HANGUP: return &container_of(notice, struct connection, hangup)->object;
	case NOTICE_CANCEL: return &container_of(notice, struct reply, notice)->object;
	case NOTICE_PAGES: return &memory_of_notice(notice)->object;
	}
	never_reached();
}

void port_set_pending(struct port *port)
{
	bool is_pending = !list_is_empty(&port->calls) || !list_is_empty(&port->notices);
	atomic_store_seq_cst(&port->pending, (u32)is_pending); // pairs with port_wait's look
}

bool port_queue(struct port *port, struct notice *notice)
{
	struct object *object = notice_object(notice);
	lock_take(&port->lock);
	bool is_new = !notice->is_queued && !notice->is_dead && !port->is_closed;
	if (is_new) {
		if (object)
			object_get(object);
		notice->is_queued = true;
		list_push_back(&port->notices, &notice->node);
		port_set_pending(port);
	}
	lock_give(&port->lock);
	return is_new;
}

void port_notify(struct port *port, struct notice *notice)
{
	if (port_queue(port, notice))
		port_kick(port);
}

void port_forget(struct port *port, struct notice *notice)
{
	lock_take(&port->lock);
	bool was_queued = notice->is_queued;
	if (was_queued) {
		notice->is_queued = false;
		list_remove(&notice->node);
		port_set_pending(port);
	}
	lock_give(&port->lock);
	struct object *object = notice_object(notice);
	if (was_queued && object)
		object_put(object);
}

static void kick_cpu(struct port *port, u16 id)
{
	struct cpu *cpu = &AT(cpus, id);
	struct port_kick *kick = &AT(port->kick, id);
	lock_take(&cpu->kick_lock);
	bool is_new = !list_node_is_linked(&kick->node);
	if (is_new) {
		object_get(&port->object);
		list_push_back(&cpu->kicked, &kick->node);
	}
	lock_give(&cpu->kick_lock);
	if (is_new)
		cpu_send(id, CPU_PORTS);
}

void port_kick(struct port *port)
{
	atomic_fence_seq_cst(); // pending is visible before we look who waits; pairs with port_wait
	u32 waiters = atomic_load_seq_cst(&port->waiters);
	u16 here = cpu_self()->id;
	if (waiters & 1u << here)
		port_serve_here(port);
	for (u16 id = 0; id < CPU_MAX; id++)
		if (id != here && waiters & 1u << id &&
			(atomic_load_relaxed(&port->pending) || atomic_load_relaxed(&port->is_closed)))
			kick_cpu(port, id);
}

void port_take_kicks(void)
{
	struct cpu *cpu = cpu_self();
	for (;;) {
		lock_take(&cpu->kick_lock);
		struct list_node *node = list_pop_front(&cpu->kicked);
		lock_give(&cpu->kick_lock);
		if (!node)
			return;
		struct port *port = container_of(node, struct port_kick, node)->port;
		port_serve_here(port);
		object_put(&port->object);
	}
}

static struct thread *_Nullable idle_first(struct port *port)
{
	struct list_node *node = list_first(&AT(port->idle, cpu_self()->id));
	return node ? container_of(node, struct thread, idle_node) : nullptr;
}

void port_serve_here(struct port *port)
{
	struct thread *server;
	while ((server = idle_first(port)) && atomic_load_relaxed(&port->pending)) {
		list_remove(&server->idle_node);
		if (!port_receive(port, server)) {
			list_push_front(&AT(port->idle, cpu_self()->id), &server->idle_node);
			break;
		}
		if (server->timer.is_armed)
			timer_disarm(&server->timer);
		sched_ready(server);
	}
	while (atomic_load_relaxed(&port->is_closed) && (server = idle_first(port)))
		port_idle_end(server, ERR_CLOSED);
}

void port_idle_end(struct thread *server, err_t result)
{
	list_remove(&server->idle_node);
	if (server->timer.is_armed)
		timer_disarm(&server->timer);
	registers_set_error(&server->registers, result);
	sched_ready(server);
}

void port_leave(struct thread *server)
{
	struct port *port = server->port;
	server->port = nullptr;
	if (port)
		object_put(&port->object);
}

// What the server sees of a notice.
static void tell(struct thread *server, enum message_kind kind, u64 badge, u64 word)
{
	struct thread_registers *regs = &server->registers;
	registers_set_error(regs, OK);
	registers_set_badge(regs, badge);
	registers_set_tag(regs, (u64)kind << TAG_KIND_SHIFT | 1ull << TAG_WORDS_SHIFT);
	registers_set_identity(regs, 0);
	registers_set_word(regs, 0, word);
}

// Level: told as long as the bits stand, so it stays queued. Edge: once for each rise. Once: then
// the binding sleeps until it is bound again.
static bool tell_binding(struct port *port, struct binding *binding, struct thread *server)
{
	u32 bits = atomic_load_acquire(&binding->object->signals) & atomic_load_relaxed(&binding->bits);
	if (!bits)
		return false;
	if (binding->mode == BIND_MODE_LEVEL) {
		binding->notice.is_queued = true;
		list_push_back(&port->notices, &binding->notice.node);
	} else if (binding->mode == BIND_MODE_ONCE) {
		atomic_store_relaxed(&binding->bits, 0u);
	}
	tell(server, MESSAGE_EVENT, binding->key, bits);
	const struct list_node *next = list_first(&port->notices);
	registers_set_word(&server->registers, 1, next && next != &binding->notice.node);
	return true;
}

static bool tell_pages(struct memory *memory, struct thread *server)
{
	u64 offset, size;
	bool is_write;
	if (!memory_next_request(memory, &offset, &size, &is_write))
		return false;
	tell(server, MESSAGE_PAGES, memory->pager_key, offset);
	registers_set_word(&server->registers, 1, size);
	registers_set_word(&server->registers, 2, is_write);
	registers_set_tag(
		&server->registers, (u64)MESSAGE_PAGES << TAG_KIND_SHIFT | 3ull << TAG_WORDS_SHIFT);
	struct port *port = memory->pager;
	if (port)
		port_notify(port, &memory->page_notice); // there may be more
	return true;
}

static bool tell_object(struct notice *notice, struct object *object, struct thread *server)
{
	switch (notice->kind) {
	case NOTICE_HANGUP: tell(server, MESSAGE_HANGUP, connection_of(object)->badge, 0); return true;
	case NOTICE_CANCEL: return reply_tell(reply_of(object), server);
	case NOTICE_PAGES: return tell_pages(memory_of(object), server);
	case NOTICE_BINDING: break;
	}
	never_reached();
}

enum taken { TAKEN_NONE, TAKEN_DONE, TAKEN_CALL, TAKEN_OBJECT };

// Takes one notice or call off the queues; bindings are told under the lock, since it guards them.
static enum taken take_next(
	struct port *port, struct thread *server, struct notice *_Nullable *notice)
{
	port->calls_first = !port->calls_first;
	if (!list_is_empty(&port->calls) && (port->calls_first || list_is_empty(&port->notices))) {
		struct list_node *node = list_pop_front(&port->calls);
		call_take(server, container_of(node, struct thread, call.node));
		return TAKEN_CALL;
	}
	struct list_node *node = list_pop_front(&port->notices);
	if (!node)
		return TAKEN_NONE;
	*notice = container_of(node, struct notice, node);
	(*notice)->is_queued = false;
	if ((*notice)->kind != NOTICE_BINDING)
		return TAKEN_OBJECT;
	struct binding *binding = container_of(*notice, struct binding, notice);
	return tell_binding(port, binding, server) ? TAKEN_DONE : TAKEN_OBJECT;
}

bool port_receive(struct port *port, struct thread *server)
{
	for (;;) {
		struct notice *notice = nullptr;
		lock_take(&port->lock);
		enum taken taken = take_next(port, server, &notice);
		struct object *object = taken == TAKEN_OBJECT && notice ? notice_object(notice) : nullptr;
		port_set_pending(port);
		lock_give(&port->lock);
		if (taken == TAKEN_NONE)
			return false;
		if (taken == TAKEN_DONE || (taken == TAKEN_CALL && call_deliver_taken(server)))
			return true;
		bool is_told = object && tell_object(notice, object, server);
		if (object)
			object_put(object);
		if (is_told)
			return true;
	}
}

// What is queued here refers to us: nobody will be told, so let it go.
static void notices_drop(struct port *port)
{
	for (;;) {
		lock_take(&port->lock);
		struct list_node *node = list_pop_front(&port->notices);
		struct notice *notice = node ? container_of(node, struct notice, node) : nullptr;
		struct object *about = notice ? notice_object(notice) : nullptr;
		if (notice)
			notice->is_queued = false;
		lock_give(&port->lock);
		if (!notice)
			return;
		if (about)
			object_put(about);
	}
}

static void port_unreachable(struct object *object)
{
	struct port *port = port_of(object);
	lock_take(&port->lock);
	atomic_store_relaxed(&port->is_closed, true);
	lock_give(&port->lock);
	bindings_of_port_remove(port);
	calls_fail_all(port);
	connections_hang_up(port);
	memory_port_closed(port);
	notices_drop(port);
	atomic_store_seq_cst(&port->pending, 1u); // so that servers that idle elsewhere look and see it
	port_kick(port);
}

static void port_destroy(struct object *object)
{
	notices_drop(port_of(object)); // of one that never had a handle
}

const struct object_class port_class = {
	.size = sizeof(struct port),
	.unreachable = port_unreachable,
	.destroy = port_destroy,
};
