// SPDX-License-Identifier: MIT
// exit.c - the end of a thread and of the process.
#include "lib/base/atomic.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/process/process.h"
#include "lib/posix/signal/signal.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

static exit_part *_Nullable const parts[] = { exit_event, exit_file };

[[noreturn]] void process_finish(struct posix_thread *self, u32 status)
{
	u32 seen = 0;
	if (atomic_swap_if_acq_rel(&posix_self()->core.is_exiting, &seen, 1u)) {
		thread_release_robust(self);
		for (u32 i = 0; i < COUNT(parts); i++) {
			exit_part *part = *(exit_part *_Nullable const volatile *)&AT(parts, i);
			if (part)
				part(self);
		}
		process_exit(status);
	}
	for (;;) // another thread ends the process
		(void)object_wait(HANDLE_NONE, 0, DEADLINE_NEVER, &seen);
}

static void clear_tid(struct posix_thread *self)
{
	u32 woken;
	if (!self->clear_child_tid)
		return;
	if (user_store_u32(self->clear_child_tid, 0) == 0)
		(void)futex_wake(self->clear_child_tid, 1, 0, 0, &woken);
}

i64 call_exit(struct posix_thread *self, const struct arguments *arguments)
{
	struct core_state *core = &posix_self()->core;
	posix_lock_take(&core->threads_lock);
	bool is_last = core->thread_count <= 1;
	if (!is_last) {
		list_remove(&self->node);
		core->thread_count--;
	}
	posix_lock_give(&core->threads_lock);
	if (is_last)
		process_finish(self, (ARG_U32(0) & 0xff) << 8);
	thread_release_robust(self);
	signal_thread_ends(self);
	clear_tid(self);
	(void)handle_close(self->handle);
	(void)task_exit(
		EXIT_SCOPE_THREAD, 0, (u64)(uintptr_t)&AT(posix_self()->slots.used, self->slot));
	__builtin_trap();
}

i64 call_exit_group(struct posix_thread *self, const struct arguments *arguments)
{
	process_finish(self, (ARG_U32(0) & 0xff) << 8);
}
