// SPDX-License-Identifier: MIT
// service_begin.c - what every service does first and last: its port, ready, heartbeats. The watch
// is an object of the supervisor's (a timer that is never set) of which only the bits matter:
// events may go up, calls may not.
#include "abi/info.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

static bool is_asleep; // the supervisor does not look at us; the loop's thread alone

static void signal(u32 clear, u32 set)
{
	handle_t watch = start_handle("watch");
	if (watch.raw)
		(void)object_signal(watch, clear, set);
}

void service_ready(void)
{
	signal(0, WATCH_READY);
}

void service_answer(void)
{
	signal(WATCH_PING, 0);
	is_asleep = start_handle("watch").raw != 0;
}

// With a heartbeat on its way the supervisor waits for our answer anyway.
static bool is_asked(void)
{
	struct object_info info = {};
	u64 size;
	return handle_info(start_handle("watch"), INFO_TOPIC_OBJECT, span_of(info), &size) == OK &&
	       info.signals & WATCH_PING;
}

void service_wake(void)
{
	if (!is_asleep || is_asked())
		return;
	is_asleep = false;
	signal(0, WATCH_AWAKE);
}

static void on_ping(void *_Nullable self, u32 bits)
{
	(void)self;
	(void)bits;
	service_answer();
}

err_t service_begin(struct loop *loop)
{
	handle_t watch = start_handle("watch");
	loop_adopt(loop, start_handle("port"));
	return watch.raw ? loop_watch(loop, watch, WATCH_PING, on_ping, nullptr) : OK;
}

err_t service_watch(handle_t port, u64 key)
{
	handle_t watch = start_handle("watch");
	if (!watch.raw)
		return OK;
	err_t err = port_bind(port, watch, WATCH_PING, key, BIND_MODE_LEVEL);
	return err == ERR_EXISTS ? OK : err; // bound by a former life, with the same key
}
