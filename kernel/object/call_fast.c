// SPDX-License-Identifier: MIT
// call_fast.c - call and reply when nothing is in the way: caller and an idle server on one CPU, a
// message of words only. No lock, no atomic, no allocation, one address-space switch each way.
// Everything both threads own belongs to this CPU (thread.h), and the kernel is not interrupted.
// First all checks, then only stores; what fails a check takes the slow way (call.c), which starts
// over and knows every case.
#include "arch_switch.h"
#include "kernel/object/call.h"
#include "kernel/object/handle_fast.h"
#include "kernel/object/process.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

// Runs `to` in place of `from` on the same share of CPU time.
ALWAYS_INLINE void hand_over(struct cpu *cpu, struct thread *from, struct thread *to)
{
	struct entity *entity = NOT_NULL(from->entity);
	entity->thread = to;
	to->entity = entity;
	from->entity = nullptr;
	cpu->current = to;
	cpu->loaded = to;
	arch_switch_fast(from, to);
	arch_space_fast(cpu, to->process->space);
	arch_float_fast(cpu, to);
}

ALWAYS_INLINE bool can_call(
	const struct thread *caller, const struct process *process, const struct port *port)
{
	u8 level = process->level;
	return (port->level < level || level == LEVEL_PROGRAM) && caller->depth < CALL_DEPTH_MAX &&
	       !atomic_load_relaxed(&port->pending);
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

NO_INLINE static void call_slowly(struct thread *caller)
{
	err_t err = call_make(caller);
	if (err != SYSCALL_BLOCKED)
		registers_set_error(&caller->registers, err);
}

NO_INLINE static void wait_slowly(struct thread *server)
{
	err_t err = port_wait(server);
	if (err != SYSCALL_BLOCKED)
		registers_set_error(&server->registers, err);
}

void syscall_connection_call(struct thread *caller)
{
	struct thread_registers *regs = &caller->registers;
	u64 tag = registers_tag(regs);
	struct cpu *cpu = cpu_self();
	struct process *process = caller->process;
	struct object *object =
		handle_fast(&process->handles, registers_argument(regs, 0), OBJECT_CONNECTION, RIGHT_CALL);
	if (UNLIKELY(!object || tag & (TAG_SLOW_MASK | TAG_KIND_MASK)))
		goto slow;
	struct connection *connection = connection_of(object);
	struct port *port = connection->port;
	struct list *idle = &AT(port->idle, cpu->id);
	struct list_node *node = idle->head.next;
	struct thread *server = container_of(node, struct thread, idle_node);
	if (UNLIKELY(node == &idle->head || !can_call(caller, process, port) || !is_plain(server)))
		goto slow;

	idle_leave(server);
	atomic_store_relaxed(&caller->state,
		(u8)THREAD_CALLING); // call.state stays NONE: no other CPU looks at this call
	caller->call.server = server;
	atomic_store_relaxed(&server->state, (u8)THREAD_READY);
	server->caller = caller;
	server->depth = caller->depth + 1;
	struct thread_registers *to = &server->registers;
	registers_set_error(to, OK);
	registers_set_badge(to, connection->badge);
	registers_set_tag(to, tag);
	registers_set_identity(to, atomic_load_relaxed(&process->identity));
	registers_copy_words(to, regs);
	hand_over(cpu, caller, server);
	return;
slow:
	call_slowly(caller);
}

void syscall_port_reply_wait(struct thread *server)
{
	struct thread_registers *regs = &server->registers;
	u64 tag = registers_tag(regs);
	struct cpu *cpu = cpu_self();
	struct thread *caller = server->caller;
	struct object *object = handle_fast(
		&server->process->handles, registers_argument(regs, 0), OBJECT_PORT, RIGHT_SERVE);
	if (UNLIKELY(!object || !caller || (tag & (TAG_SLOW_MASK | TAG_REPLY)) != TAG_REPLY))
		goto slow;
	struct port *port = port_of(object);
	if (UNLIKELY(port != server->port || atomic_load_relaxed(&port->pending) ||
				 server->caller_is_remote || caller->timer.is_armed ||
				 caller->call.is_cancelled | caller->call.deaths))
		goto slow;

	atomic_store_relaxed(&server->state, (u8)THREAD_IDLE);
	server->caller = nullptr;
	server->depth = 0;
	idle_enter(&AT(port->idle, cpu->id), server);
	atomic_store_relaxed(&caller->state, (u8)THREAD_READY);
	struct thread_registers *to = &caller->registers;
	registers_set_error(to, (err_t)(i32)(u32)tag);
	registers_set_tag(to, tag);
	registers_copy_words(to, regs);
	hand_over(cpu, server, caller);
	return;
slow:
	wait_slowly(server);
}
