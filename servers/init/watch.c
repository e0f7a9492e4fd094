// SPDX-License-Identifier: MIT
// watch.c - time: who must be ready by when, who must answer a heartbeat, who may start again. A
// heartbeat is a bit that we set and the service clears; it costs no call, and nobody waits. Who
// answered and says nothing after that (WATCH_AWAKE) has no work, so it cannot hang: it is not
// asked again, and when all are idle no timer wakes the processor.
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "lib/os/service.h"
#include "os/syscalls.h"
#include "servers/init/init.h"

constexpr u64 CODE_HUNG = 124; // as timeout(1) has it

// A little later than a period from now, so that the heartbeats of all fall together.
static u64 beat_time(u32 index, u64 now)
{
	u64 period = manifest_at(index)->heartbeat_ns, step = period / 4;
	return step ? (now + period + step) / step * step : DEADLINE_NEVER;
}

void service_is_ready(u32 index)
{
	struct service *service = service_at(index);
	if (service->state != SUPERVISOR_STATE_STARTING)
		return;
	u64 now = clock_read();
	service->state = SUPERVISOR_STATE_RUNNING;
	service->due_ns = beat_time(index, now);
	say(LOG_SEVERITY_DEBUG, "%s: ready after %lu us", manifest_at(index)->name,
		(now - service->started_ns) / NS_PER_US);
	if (service->restarts && service->ended_ns) {
		service->recovery_ns = now - service->ended_ns;
		say(LOG_SEVERITY_INFO, "%s: is back after %lu us", manifest_at(index)->name,
			service->recovery_ns / NS_PER_US);
	}
	services_begin_waiting();
}

void service_is_awake(u32 index)
{
	struct service *service = service_at(index);
	service->is_awake = true;
	if (service->state == SUPERVISOR_STATE_RUNNING && service->due_ns == DEADLINE_NEVER)
		service->due_ns = beat_time(index, clock_read());
}

static void kill(u32 index, const char *why)
{
	struct service *service = service_at(index);
	say(LOG_SEVERITY_WARNING, "%s: %s: killed", manifest_at(index)->name, why);
	service->is_hung = true;
	service->due_ns = DEADLINE_NEVER;
	service_kill(service, CODE_HUNG);
}

static bool has_answered(handle_t watch)
{
	struct object_info info = {};
	u64 size;
	return handle_info(watch, INFO_TOPIC_OBJECT, span_of(info), &size) == OK &&
	       !(info.signals & WATCH_PING);
}

static void beat(u32 index, u64 now)
{
	struct service *service = service_at(index);
	handle_t watch = AT(service->handles, HANDLE_WATCH);
	if (service->is_asked && !has_answered(watch)) {
		kill(index, "does not answer");
		return;
	}
	bool has_rested = service->is_asked && !service->is_awake;
	service->is_asked = !has_rested && object_signal(watch, 0, WATCH_PING) == OK;
	service->is_awake = false;
	service->due_ns = has_rested ? DEADLINE_NEVER : beat_time(index, now);
}

void service_due(u32 index, u64 now)
{
	struct service *service = service_at(index);
	if (service->due_ns > now)
		return;
	switch (service->state) {
	case SUPERVISOR_STATE_STARTING: kill(index, "is not ready in time"); break;
	case SUPERVISOR_STATE_RUNNING: beat(index, now); break;
	case SUPERVISOR_STATE_BACKING_OFF: service_begin_life(index); break;
	case SUPERVISOR_STATE_WAITING:
	case SUPERVISOR_STATE_STOPPED:
	case SUPERVISOR_STATE_DEGRADED:
	case SUPERVISOR_STATE_ENDED: service->due_ns = DEADLINE_NEVER; break;
	}
}

u64 watch_next(void)
{
	u64 next = system->is_ending ? system->end_due_ns : DEADLINE_NEVER;
	for (u32 i = 0; i < system->services; i++)
		if (service_at(i)->due_ns < next)
			next = service_at(i)->due_ns;
	return next;
}
