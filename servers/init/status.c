// SPDX-License-Identifier: MIT
// status.c - the calls of ifc/supervisor.ifc. Badge 0 may ask, badge 1 may steer.
#include "abi/rights.h"
#include "lib/os/scheme.h"
#include "os/syscalls.h"
#include "servers/init/init.h"

constexpr u64 BADGE_STEER = 1;

void status_fill(u32 index, struct supervisor_status *out)
{
	const struct service *service = service_at(index);
	struct process_info info = {};
	u64 size;
	*out = (struct supervisor_status){
		.state = service->state,
		.level = manifest_at(index)->level,
		.started_ns = service->started_ns,
		.restarts = service->restarts,
		.failures = service->failures,
		.reason = service->end.exit_reason,
		.exit_code = service->end.exit_code,
		.recovery_ns = service->recovery_ns,
		.fault_cause = service->end.fault_cause,
		.fault_address = service->end.fault_address,
		.fault_instruction = service->end.fault_instruction,
	};
	(void)span_copy(span_of(out->name), view_cstring(manifest_at(index)->name));
	if (service->process.raw &&
		handle_info(service->process, INFO_TOPIC_PROCESS, span_of(info), &size) == OK) {
		out->processor_ns = info.cpu_ns;
		out->pages = info.mapped_pages;
	}
}

static err_t status(void *_Nullable self, struct caller caller, u32 index, lease_t lease)
{
	(void)self;
	(void)caller;
	struct supervisor_status status;
	if (index >= system->services)
		return ERR_NOT_FOUND;
	if (lease.size < sizeof status)
		return ERR_TOO_BIG;
	status_fill(index, &status);
	return lease_put(lease, 0, view_of(status));
}

static err_t take_name(lease_t lease, span_t room, view_t *out)
{
	if (lease.size >= room.size)
		return ERR_TOO_BIG;
	TRY(lease_get(lease, 0, span_clamp(room, 0, lease.size)));
	*out = span_view(span_clamp(room, 0, lease.size));
	return OK;
}

err_t service_find(view_t name, u32 *out)
{
	*out = NO_SERVICE;
	if (view_equal(name, VIEW_TEXT("init")))
		return OK;
	for (u32 i = 0; i < system->services; i++) {
		*out = i;
		if (view_equal(view_cstring(manifest_at(i)->name), name))
			return OK;
	}
	return ERR_NOT_FOUND;
}

static err_t find(void *_Nullable self, struct caller caller, lease_t lease, u32 *out_index)
{
	(void)self;
	(void)caller;
	u8 room[SUPERVISOR_NAME_MAX];
	view_t name;
	TRY(take_name(lease, span_of(room), &name));
	return service_find(name, out_index);
}

err_t order_take(u32 index, enum supervisor_operation operation)
{
	if (index != NO_SERVICE)
		return index < system->services ? service_steer(index, operation) : ERR_NOT_FOUND;
	system->is_restarting = operation == SUPERVISOR_OPERATION_RESTART;
	return system->is_restarting ? OK : ERR_STATE;
}

static err_t steer(
	void *_Nullable self, struct caller caller, enum supervisor_operation operation, u32 index)
{
	(void)self;
	if (caller.badge != BADGE_STEER)
		return ERR_RIGHTS;
	return order_take(index, operation);
}

static err_t power(
	void *_Nullable self, struct caller caller, enum supervisor_power power, u32 code)
{
	(void)self;
	if (caller.badge != BADGE_STEER)
		return ERR_RIGHTS;
	system_end(code, power == SUPERVISOR_POWER_REBOOT);
	return OK;
}

err_t provide_find(view_t name, u32 *service, u32 *provide)
{
	for (u32 i = 0; i < system->services; i++) {
		const struct manifest_service *record = manifest_at(i);
		for (u32 k = 0; k < record->provide_count; k++) {
			*service = i;
			*provide = k;
			if (AT(record->provides, k).flags & MANIFEST_SCHEME &&
				view_equal(view_cstring(AT(record->provides, k).name), name))
				return OK;
		}
	}
	return ERR_NOT_FOUND;
}

static err_t connect(
	void *_Nullable self, struct caller caller, lease_t lease, u32 steers, handle_t *out_end)
{
	(void)self;
	if (steers && caller.badge != BADGE_STEER)
		return ERR_RIGHTS;
	u8 room[SUPERVISOR_NAME_MAX];
	view_t name;
	u32 index, at;
	TRY(take_name(lease, span_of(room), &name));
	if (view_equal(name, VIEW_TEXT("svc")))
		TRY(connection_create(system->port, steers ? BADGE_ORDERS : BADGE_FILES, out_end));
	else {
		TRY(provide_find(name, &index, &at));
		TRY(connection_create(AT(service_at(index)->handles, HANDLE_PORT),
			AT(manifest_at(index)->provides, at).badge, out_end));
	}
	(void)handle_pass(*out_end);
	return OK;
}

static err_t scheme(
	void *_Nullable self, struct caller caller, u32 wanted, lease_t lease, u32 *out_size)
{
	(void)self;
	(void)caller;
	view_t name = VIEW_TEXT("svc");
	bool is_found = !wanted--;
	for (u32 i = 0; i < system->services && !is_found; i++) {
		const struct manifest_service *record = manifest_at(i);
		for (u32 k = 0; k < record->provide_count && !is_found; k++) {
			if (!(AT(record->provides, k).flags & MANIFEST_SCHEME))
				continue;
			name = view_cstring(AT(record->provides, k).name);
			is_found = !wanted--;
		}
	}
	if (!is_found)
		return ERR_NOT_FOUND;
	if (name.size > lease.size)
		return ERR_TOO_BIG;
	*out_size = (u32)name.size;
	return lease_put(lease, 0, name);
}

const struct supervisor_ops supervisor_operations = {
	.status = status,
	.find = find,
	.steer = steer,
	.power = power,
	.connect = connect,
	.scheme = scheme,
};
