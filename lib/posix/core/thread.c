// SPDX-License-Identifier: MIT
// thread.c - a thread's struct, made ready before it runs; also by native programs that start
// POSIX programs, for memory that they see elsewhere.
#include "lib/posix/core/start.h"

constexpr u64 SELECTOR_CODE = 0x2b; // the kernel's, for user mode
constexpr u64 SELECTOR_DATA = 0x23;
constexpr u64 FLAGS_START = 0x202;

static void registers_prepare(struct posix_registers *registers)
{
	registers->cs = SELECTOR_CODE;
	registers->ss = SELECTOR_DATA;
	registers->rflags = FLAGS_START;
}

void thread_prepare(
	struct posix_thread *thread, const struct posix_image *image, u32 slot, const u64 random[2])
{
	u64 address = thread_address(slot);
	thread->block.self = address;
	thread->block.blocked = MASK_ALL;
	thread->block.entry = image->upcall;
	thread->block.stack =
		address + offsetof(struct posix_thread, upcall_stack) + sizeof thread->upcall_stack;
	AT(thread->block.user, USER_ENTRY) = image->native;
	UNSAFE_BEGIN("two words")
	AT(thread->block.user, USER_GUARD) = guard_of(random[0] ^ random[1]);
	UNSAFE_END
	registers_prepare(&thread->registers);
	thread->open_mask = MASK_ALL;
	thread->number = UINT64_MAX;
	thread->stack_top = thread_stack_top(slot);
	thread->slot = slot;
}

void thread_renew(struct posix_thread *self, u64 entry, u64 stack)
{
	self->registers = (struct posix_registers){ .rip = entry, .rsp = stack };
	registers_prepare(&self->registers);
	self->number = UINT64_MAX;
	self->begin = BEGIN_PROGRAM;
	self->interruption = (struct interruption){};
	self->restart = (struct restart){};
	self->forced = (struct linux_siginfo){};
	self->has_forced = self->has_saved_mask = false;
	self->saved_mask = self->set_tid = self->fs_base = 0;
	self->trap_number = self->trap_error = self->trap_address = 0;
	span_fill(span_of(self->name), 0);
}
