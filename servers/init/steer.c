// SPDX-License-Identifier: MIT
// steer.c - what people order: restart, stop, start.
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/init/init.h"

void services_begin_waiting(void)
{
	for (u32 i = 0; i < system->services; i++)
		if (service_at(i)->state == SUPERVISOR_STATE_WAITING)
			service_begin_life(i);
}

static void kill(struct service *service)
{
	service->is_stopping = true;
	service->due_ns = DEADLINE_NEVER;
	service_kill(service, 0);
}

static bool is_alive(const struct service *service)
{
	return service->process.raw && !service->is_absent;
}

static err_t begin(u32 index)
{
	struct service *service = service_at(index);
	if (service->is_absent) { // its end is of no interest: another takes its place now
		(void)process_control(service->process, PROCESS_OPERATION_KILL, 0, 0);
		(void)handle_close(service->process);
		service->process = HANDLE_NONE;
	}
	service->failures = 0;
	service_begin_life(index);
	return OK;
}

err_t service_steer(u32 index, enum supervisor_operation operation)
{
	struct service *service = service_at(index);
	switch (operation) {
	case SUPERVISOR_OPERATION_RESTART:
		if (!is_alive(service))
			return begin(index);
		kill(service);
		return OK;
	case SUPERVISOR_OPERATION_STOP:
		service->state = SUPERVISOR_STATE_STOPPED;
		if (is_alive(service))
			kill(service);
		return OK;
	case SUPERVISOR_OPERATION_START:
		if (!is_alive(service))
			return begin(index);
		if (service->state != SUPERVISOR_STATE_STOPPED)
			return ERR_STATE;
		service->state = SUPERVISOR_STATE_STARTING; // at the end of the life that was ended
		return OK;
	}
	return ERR_INVALID;
}
