// SPDX-License-Identifier: MIT
// port.c - system calls on ports, connections and calls in hand. Arguments are checked by the
// generated dispatcher; the work is in kernel/object/.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/handle.h"
#include "kernel/object/process.h"
#include "kernel/syscall_table.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"

constexpr u32 PORT_RIGHTS = RIGHT_SERVE | RIGHT_MANAGE | RIGHT_WAIT | RIGHT_DUP | RIGHT_TRANSFER;
constexpr u32 CONNECTION_RIGHTS =
	RIGHT_CALL | RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_MANAGE | RIGHT_DUP | RIGHT_TRANSFER;

err_t sys_port_create(struct thread *caller, u32 level, handle_t *out_port)
{
	struct port *port;
	u8 own = caller->process->level;
	if (level > LEVEL_PROGRAM)
		return ERR_LEVEL;
	TRY(port_object_create(caller->process->quota, level > own ? (u8)level : own, &port));
	return handle_install_take(&caller->process->handles, &port->object, PORT_RIGHTS, out_port);
}

err_t sys_port_bind(struct thread *caller, struct port *port, struct object *target, u32 bits,
	u64 key, enum bind_mode mode)
{
	(void)caller;
	if (!bits)
		return binding_remove(port, target);
	return binding_create(port, target, bits, key, (u8)mode);
}

err_t sys_connection_create(
	struct thread *caller, struct port *port, u64 badge, handle_t *out_connection)
{
	struct connection *connection;
	TRY(connection_create(port, badge, caller->process->quota, &connection));
	return handle_install_take(
		&caller->process->handles, &connection->object, CONNECTION_RIGHTS, out_connection);
}

err_t sys_reply_save(struct thread *caller, handle_t *out_reply)
{
	if (!caller->caller) // here, where it costs nothing to look: this is what the null call of
	                     // bench does
		return ERR_STATE;
	return reply_create(caller, out_reply);
}

err_t sys_lease_read(struct thread *caller, struct reply *_Nullable reply, u32 index, u64 offset,
	struct user_span data, u64 *out_done)
{
	struct lease_copy copy = { index, offset, data, false };
	return lease_copy(caller, reply, &copy, out_done);
}

err_t sys_lease_write(struct thread *caller, struct reply *_Nullable reply, u32 index, u64 offset,
	struct user_span data, u64 *out_done)
{
	struct lease_copy copy = { index, offset, data, true };
	return lease_copy(caller, reply, &copy, out_done);
}

// Registers: handle of a saved call or HANDLE_NONE, tag, words.
err_t sys_reply_send(struct thread *caller, struct thread_registers *regs)
{
	u64 handle = registers_argument(regs, 0);
	struct object *object;
	if (!handle)
		return call_reply(caller, registers_tag(regs));
	TRY(handle_lookup(caller, handle, OBJECT_REPLY, 0, &object));
	object_get(object); // outlives its handle
	err_t err = reply_answer(reply_of(object), caller, registers_tag(regs));
	if (!atomic_load_acquire(
			&reply_of(object)->caller)) // used up, also when handles could not be passed
		(void)handle_close(&caller->process->handles, (handle_t){ (u32)handle });
	object_put(object);
	return err;
}

// The two calls that have a fast way set the registers of whoever runs next themselves.
err_t sys_connection_call(struct thread *caller, struct thread_registers *regs)
{
	(void)regs;
	syscall_connection_call(caller);
	return SYSCALL_BLOCKED;
}

err_t sys_port_reply_wait(struct thread *caller, struct thread_registers *regs)
{
	(void)regs;
	syscall_port_reply_wait(caller);
	return SYSCALL_BLOCKED;
}
