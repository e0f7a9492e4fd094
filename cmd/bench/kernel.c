// SPDX-License-Identifier: MIT
// kernel.c - the smallest call, switching between threads of one process, and an event's way to a
// port.
#include "cmd/bench/bench.h"
#include "lib/base/view.h"
#include "lib/os/call.h"
#include "lib/os/thread.h"
#include "os/syscalls.h"

// The least that a call can do: there is no call in hand to be saved.
err_t null_step(u64 argument)
{
	handle_t reply;
	(void)argument;
	return reply_save(&reply) == ERR_STATE ? OK : ERR_STATE;
}

err_t check_prepare(u64 *argument)
{
	handle_t timer;
	TRY(timer_create(&timer));
	*argument = timer.raw;
	return OK;
}

// A call that checks its handle and then has nothing to do.
err_t check_step(u64 argument)
{
	return object_signal((handle_t){ (u32)argument }, 0, 0);
}

static struct worker worker;
static bool is_over; // written here, read by the worker

static u64 yield_loop(void *_Nullable argument)
{
	u32 observed;
	(void)argument;
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
		(void)object_wait(HANDLE_NONE, 0, 0, &observed);
	return 0;
}

err_t yield_prepare(u64 *argument)
{
	*argument = 0;
	is_over = false;
	return worker_start(&worker, yield_loop, nullptr);
}

// Two switches: there and back.
err_t yield_step(u64 argument)
{
	u32 observed;
	(void)argument;
	err_t err = object_wait(HANDLE_NONE, 0, 0, &observed);
	return err == ERR_TIMED_OUT ? OK : err;
}

err_t yield_finish(u64 argument)
{
	(void)argument;
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	return worker_join(&worker, DEADLINE_NEVER);
}

static struct {
	handle_t port, source;
} event;

err_t event_prepare(u64 *argument)
{
	*argument = 0;
	TRY(port_create(0, &event.port));
	TRY(timer_create(&event.source));
	return port_bind(event.port, event.source, 1u << 16, 5, BIND_MODE_EDGE);
}

// Raise a bit, receive the event, clear it.
err_t event_step(u64 argument)
{
	struct message_words words = {};
	u64 tag = 0, badge;
	(void)argument;
	TRY(object_signal(event.source, 0, 1u << 16));
	TRY(port_receive_words(event.port, &tag, &words, &badge));
	return object_signal(event.source, 1u << 16, 0);
}
