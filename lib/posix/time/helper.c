// SPDX-License-Identifier: MIT
// helper.c - the library's own thread that waits for timers: not one of the program's, it is in no
// list, takes no signal, and ends with the process. A forked child has none, exec ends it.
#include "lib/posix/core/posix.h"
#include "lib/posix/core/start.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll.h"
#include "lib/posix/event/queue.h"
#include "lib/posix/exec/random.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/thread/slot.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

[[noreturn]] static void serve(struct posix_thread *self)
{
	handle_t port = posix_self()->time.port;
	struct port_event event;
	while (wait_port(self, port, DEADLINE_NEVER, &event) == OK)
		if (event.key == CLOCK_KEY)
			clock_changed(self);
		else if (event.key < QUEUE_NOTICE_KEY)
			timers_fired(self, event.key);
		else
			queue_noticed(event.key);
	(void)!task_exit(EXIT_SCOPE_THREAD, 0, 0);
	__builtin_trap();
}

static i64 start(struct posix_thread *thread, u32 slot)
{
	u64 random[2];
	handle_t handle;
	random_bytes(span_of(random));
	thread_prepare(thread, &posix_image, slot, random);
	thread->block.entry = 0;       // a fault in here ends the process
	thread->block.mask = MASK_ALL; // no signal for the process comes here
	u64 address = (u64)(uintptr_t)thread;
	u64 stack = thread_stack_top(slot) - sizeof(u64); // as if called
	TRY_ERR(thread_create(HANDLE_NONE, (u64)(uintptr_t)serve, stack, address, address, &handle));
	(void)!handle_close(handle);
	return 0;
}

// The helper pokes the program's threads: the first one has no handle as long as it is alone.
static i64 be_found(struct posix_thread *self)
{
	u64 handle;
	if (self->handle.raw)
		return 0;
	TRY_ERR(thread_control(HANDLE_NONE, THREAD_OPERATION_OPEN, 0, 0, &handle));
	self->handle = (handle_t){ (u32)handle };
	return 0;
}

i64 timers_helper_serve(void)
{
	struct posix_thread *thread;
	u32 slot;
	TRY_POSIX(be_found(thread_self()));
	TRY_POSIX(slot_take(&thread, &slot));
	i64 answer = start(thread, slot);
	if (answer < 0)
		slot_give(slot);
	return answer < 0 ? -EAGAIN : 0;
}

i64 timers_helper_start(struct time_state *state)
{
	TRY_ERR(port_create(0, &state->port));
	i64 answer = timers_helper_serve();
	if (answer < 0) {
		(void)!handle_close(state->port);
		state->port = HANDLE_NONE;
	}
	return answer;
}
