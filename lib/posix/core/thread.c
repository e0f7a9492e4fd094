// SPDX-License-Identifier: MIT
// thread.c - a thread's struct, made ready before it runs; also by native programs that start
// POSIX programs, for memory that they see elsewhere.
#include "lib/posix/core/start.h"

constexpr u64 SELECTOR_CODE = 0x2b; // the kernel's, for user mode
constexpr u64 SELECTOR_DATA = 0x23;
constexpr u64 FLAGS_START = 0x202;

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
	AT(thread->block.user, USER_GUARD) = (random[0] ^ random[1]) & ~0xffull;
	UNSAFE_END
	thread->registers.cs = SELECTOR_CODE;
	thread->registers.ss = SELECTOR_DATA;
	thread->registers.rflags = FLAGS_START;
	thread->open_mask = MASK_ALL;
	thread->number = UINT64_MAX;
	thread->stack_top = thread_stack_top(slot);
	thread->slot = slot;
}
