// SPDX-License-Identifier: MIT
// helper.c - the library's own thread that waits for timers: not one of the program's, it is in no
// list, takes no signal, and ends with the process. A forked child has none, exec ends it.
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll.h"
#include "lib/posix/event/queue.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/thread/helper_thread.h"
#include "lib/posix/time/timers.h"
#include "os/syscalls.h"

// port: what the state says is a vfork child's, if we come to run while our memory is lent.
static void serve(u64 argument)
{
	struct posix_thread *self = thread_self();
	handle_t port = { (u32)argument };
	struct port_event event;
	while (wait_port(self, port, DEADLINE_NEVER, &event) == OK)
		if (event.key == CLOCK_KEY)
			clock_changed(self);
		else if (event.key < QUEUE_NOTICE_KEY)
			timers_fired(self, event.key);
		else
			queue_noticed(event.key);
	helper_thread_end();
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
	handle_t handle;
	TRY_POSIX(be_found(thread_self()));
	TRY_POSIX(helper_thread_start(serve, posix_self()->time.port.raw, false, &handle));
	(void)!handle_close(handle);
	return 0;
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
