// SPDX-License-Identifier: MIT
// restart.c - a call that a signal ended: made again, or EINTR. To make it again the program goes
// on at the place that it called from.
#include "lib/posix/core/user.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/signal_local.h"

constexpr u64 SYSCALL_SIZE = 2; // 0f 05
constexpr u64 NATIVE_SIZE = 15; // core/start.h: lea, jmp

static bool is_restartable(const struct posix_thread *self)
{
	return self->number != UINT64_MAX && (i64)self->registers.rax <= -ERESTARTSYS &&
	       (i64)self->registers.rax >= -516;
}

static void go_back(struct posix_thread *self)
{
	struct posix_registers *registers = &self->registers;
	u8 code[SYSCALL_SIZE];
	bool is_syscall = user_get(code, registers->rip - SYSCALL_SIZE) == 0 && AT(code, 0) == 0x0f &&
	                  AT(code, 1) == 0x05;
	registers->rip -= is_syscall ? SYSCALL_SIZE : NATIVE_SIZE;
	registers->rax = self->number;
}

void restart_before_handler(struct posix_thread *self, u64 action_flags)
{
	if (!is_restartable(self))
		return;
	i64 answer = (i64)self->registers.rax;
	if (answer == -ERESTARTNOINTR || (answer == -ERESTARTSYS && action_flags & SA_RESTART))
		go_back(self);
	else
		self->registers.rax = (u64)-EINTR;
	self->number = UINT64_MAX;
}

void restart_without_handler(struct posix_thread *self)
{
	if (!is_restartable(self))
		return;
	self->restart.is_again = self->restart.number == self->number;
	go_back(self);
	self->number = UINT64_MAX;
}
