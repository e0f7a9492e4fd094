// SPDX-License-Identifier: MIT
// wait_port.c - a port to wait at for many things: one is kept for the process, so that most calls
// make none. A forked child has its parent's handles but must not wait at its parent's port.
#include "abi/syscall_numbers.h"
#include "lib/base/atomic.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll.h"
#include "os/syscalls.h"

i64 wait_port_take(handle_t *out)
{
	struct posix *posix = posix_self();
	u64 kept = atomic_exchange_acq_rel(&posix->events.port, (u64)0);
	if (kept && kept >> 32 == posix->identity.pid) {
		*out = (handle_t){ (u32)kept };
		return 0;
	}
	TRY_ERR(port_create(0, out));
	return 0;
}

void wait_port_give(handle_t port)
{
	struct posix *posix = posix_self();
	u64 kept = (u64)posix->identity.pid << 32 | port.raw, none = 0;
	if (!atomic_swap_if_acq_rel(&posix->events.port, &none, kept))
		(void)!handle_close(port);
}

err_t wait_port(
	struct posix_thread *self, handle_t port, u64 deadline, struct port_event *_Nullable out)
{
	struct wait_registers registers = {
		.rax = SYSCALL_PORT_REPLY_WAIT,
		.rdi = port.raw,
		.rsi = deadline ? TAG_DEADLINE : TAG_POLL,
	};
	self->block.deadline = deadline;
	wait_open(self);
	posix_wait_call(&registers);
	wait_close(self);
	TRY((err_t)(i32)registers.rax);
	if (out)
		*out = (struct port_event){ registers.rdi, (u32)registers.rdx, registers.r10 != 0 };
	return OK;
}
