// SPDX-License-Identifier: MIT
// helper_thread.c - see helper_thread.h.
#include "lib/posix/thread/helper_thread.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/exec/random.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/signal/send.h"
#include "lib/posix/thread/slot.h"
#include "os/syscalls.h"

static err_t start(struct posix_thread *thread, u32 slot, u64 argument, handle_t *out)
{
	u64 address = (u64)(uintptr_t)thread;
	u64 stack = thread_stack_top(slot) - sizeof(u64); // as if called
	u64 entry = thread->registers.rip;
	return thread_create(HANDLE_NONE, entry, stack, argument, address, out);
}

i64 helper_thread_start(helper_serve *serve, u64 argument, bool is_pokable, handle_t *out)
{
	struct posix_thread *thread;
	u64 random[2];
	u32 slot;
	TRY_POSIX(slot_take(&thread, &slot));
	random_bytes(span_of(random));
	thread_prepare(thread, &posix_image, slot, random);
	thread->registers.rip = (u64)(uintptr_t)serve;
	thread->block.mask = MASK_ALL; // no signal for the process comes here
	thread->leave_mask = is_pokable ? ~POKE : MASK_ALL;
	if (!is_pokable)
		thread->block.entry = 0; // a fault in here ends the process
	err_t err = start(thread, slot, argument, out);
	if (err != OK)
		slot_give(slot);
	return err == OK ? 0 : -EAGAIN;
}

[[noreturn]] void helper_thread_end(void)
{
	u32 slot = thread_self()->slot;
	(void)task_exit(EXIT_SCOPE_THREAD, 0, (u64)(uintptr_t)&AT(posix_self()->slots.used, slot));
	__builtin_trap();
}
