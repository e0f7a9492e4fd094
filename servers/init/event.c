// SPDX-License-Identifier: MIT
// event.c - see event.h.
#include "servers/init/event.h"

#include "lib/os/service.h"
#include "os/syscalls.h"

err_t event_bind(handle_t object, u32 bits, enum event_kind kind, u32 index)
{
	err_t err = port_bind(system->port, object, bits, event_key(kind, index), BIND_MODE_LEVEL);
	return err == ERR_EXISTS ? OK : err; // by our former life, with the same key
}

void event_unbind(handle_t object)
{
	(void)port_bind(system->port, object, 0, 0, BIND_MODE_LEVEL);
}

static bool has_exited(handle_t process)
{
	struct process_info info = {};
	u64 size;
	return process.raw && handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size) == OK &&
	       info.exit_reason != EXIT_RUNNING;
}

static void watch_changed(u32 index, u32 bits)
{
	(void)object_signal(AT(service_at(index)->handles, HANDLE_WATCH), bits, 0);
	if (bits & WATCH_READY)
		service_is_ready(index);
	if (bits & WATCH_AWAKE)
		service_is_awake(index);
}

void event_handle(u64 key, u32 bits)
{
	u32 index = (u32)key;
	if (index >= system->services)
		return;
	struct service *service = service_at(index);
	switch ((enum event_kind)(key >> 32)) {
	case EVENT_WATCH: watch_changed(index, bits & (WATCH_READY | WATCH_AWAKE)); break;
	case EVENT_EXIT:
		if (has_exited(service->process))
			service_ended(index);
		break;
	}
}
