// SPDX-License-Identifier: MIT
// call_fast.c - call and reply when nothing is in the way: caller and an idle server on one CPU, a
// message of words only. No lock, no atomic, no allocation, one address-space switch each way.
// Everything both threads own belongs to this CPU (thread.h), and the kernel is not interrupted.
// First all checks, then only stores; what fails a check takes the slow way (call.c), which starts
// over and knows every case.
#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/call.h"
#include "kernel/object/handle_fast.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/view.h"

// Runs `to` in place of `from` on the same share of CPU time.
ALWAYS_INLINE void hand_over(struct cpu *cpu, struct thread *from, struct thread *to)
{
	struct entity *entity = from->entity;
	entity->thread = to;
	to->entity = entity;
	from->entity = nullptr;
	cpu->current = to;
	cpu->loaded = to;
	arch_switch(from, to);
	if (LIKELY(from->process != to->process))
		space_activate(to->process->space);
}

ALWAYS_INLINE struct thread *_Nullable idle_server(struct port *port, u16 cpu)
{
	struct list *idle = &AT(port->idle, cpu);
	struct list_node *node = idle->head.next;
	return node == &idle->head ? nullptr : container_of(node, struct thread, idle_node);
}

ALWAYS_INLINE bool can_call(const struct thread *caller, const struct port *port)
{
	u8 level = caller->process->level;
	return (port->level < level || level == LEVEL_PROGRAM) && caller->depth < CALL_DEPTH_MAX &&
		   !port->pending;
}

// Its deadline must be disarmed, or something was asked of it: slow.
ALWAYS_INLINE bool is_plain(const struct thread *thread)
{
	return !thread->timer.is_armed && !thread->work;
}

ALWAYS_INLINE void idle_leave(struct thread *server)
{
	struct list_node *node = &server->idle_node;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = nullptr;
}

ALWAYS_INLINE void idle_enter(struct list *idle, struct thread *server)
{
	struct list_node *node = &server->idle_node;
	node->next = idle->head.next;
	node->prev = &idle->head;
	idle->head.next->prev = node;
	idle->head.next = node;
}

void syscall_connection_call(struct thread *caller)
{
	struct thread_registers *regs = &caller->registers;
	u64 tag = registers_tag(regs);
	struct cpu *cpu = cpu_self();
	u64 raw = registers_argument(regs, 0);
	struct object *object =
		handle_fast(&caller->process->handles, (u32)raw, OBJECT_CONNECTION, RIGHT_CALL);
	if (UNLIKELY(!object || raw >> 32 || tag & TAG_SLOW_MASK))
		goto slow;
	struct connection *connection = connection_of(object);
	struct port *port = connection->port;
	struct thread *server = idle_server(port, cpu->id);
	if (UNLIKELY(!server || !can_call(caller, port) || !is_plain(server)))
		goto slow;

	idle_leave(server);
	caller->state = THREAD_CALLING;
	caller->call.state = (caller->call.state & ~(u32)CALL_STATE_MASK) | CALL_TAKEN;
	caller->call.server = server;
	server->state = THREAD_READY;
	server->caller = caller;
	server->depth = caller->depth + 1;
	struct thread_registers *to = &server->registers;
	registers_set_error(to, OK);
	registers_set_badge(to, connection->badge);
	registers_set_tag(to, tag & ~TAG_KIND_MASK);
	registers_set_identity(to, caller->process->identity);
	registers_copy_words(to, regs);
	hand_over(cpu, caller, server);
	return;
slow:;
	err_t err = call_make(caller);
	if (err != SYSCALL_BLOCKED)
		registers_set_error(regs, err);
}

void syscall_port_reply_wait(struct thread *server)
{
	struct thread_registers *regs = &server->registers;
	u64 tag = registers_tag(regs);
	struct cpu *cpu = cpu_self();
	struct thread *caller = server->caller;
	u64 raw = registers_argument(regs, 0);
	struct object *object =
		handle_fast(&server->process->handles, (u32)raw, OBJECT_PORT, RIGHT_SERVE);
	if (UNLIKELY(!object || raw >> 32 || !caller || (tag & (TAG_SLOW_MASK | TAG_REPLY)) != TAG_REPLY))
		goto slow;
	struct port *port = port_of(object);
	if (UNLIKELY(port != server->port || port->pending || server->caller_is_remote ||
				 caller->timer.is_armed || caller->call.is_cancelled))
		goto slow;

	server->state = THREAD_IDLE;
	server->caller = nullptr;
	server->depth = 0;
	idle_enter(&AT(port->idle, cpu->id), server);
	caller->state = THREAD_READY;
	caller->call.state = (caller->call.state & ~(u32)CALL_STATE_MASK) | CALL_NONE;
	caller->call.deaths = 0;
	struct thread_registers *to = &caller->registers;
	registers_set_error(to, (err_t)(i32)(u32)tag);
	registers_set_tag(to, tag);
	registers_copy_words(to, regs);
	hand_over(cpu, server, caller);
	return;
slow:;
	err_t err = port_wait(server);
	if (err != SYSCALL_BLOCKED)
		registers_set_error(regs, err);
}
