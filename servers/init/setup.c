// SPDX-License-Identifier: MIT
// setup.c - what a service needs and what outlives it: port, watch, ledger, quota, connections to
// whom it calls, handles to what it was granted and to nothing more.
#include "abi/rights.h"
#include "lib/os/ledger.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/init/event.h"
#include "servers/init/hardware.h"

static err_t setup_quota(const struct manifest_service *record, struct service *service)
{
	bool is_limited = record->quota_pages || record->quota_objects || record->quota_handles;
	if ((!is_limited && !record->quota_share) || service->quota.raw)
		return OK;
	struct quota_info all = {};
	u64 size, share = record->quota_share;
	TRY(handle_info(start_handle("quota"), INFO_TOPIC_QUOTA, span_of(all), &size));
	if (share)
		return quota_create(start_handle("quota"), all.pages / 100 * share,
			all.objects / 100 * share, all.handles / 100 * share, 100, &service->quota);
	// What the manifest leaves open: a sixteenth of everything.
	u64 pages = record->quota_pages ? record->quota_pages : all.pages / 16;
	u64 objects = record->quota_objects ? record->quota_objects : all.objects / 16;
	u64 handles = record->quota_handles ? record->quota_handles : all.handles / 16;
	return quota_create(start_handle("quota"), pages, objects, handles, 100, &service->quota);
}

err_t ledger_renew(u32 index)
{
	struct service *service = service_at(index);
	handle_t old = AT(service->handles, HANDLE_LEDGER), fresh;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, ledger_memory_size(manifest_at(index)->ledger_size),
		HANDLE_NONE, 0, 0, &fresh));
	AT(service->handles, HANDLE_LEDGER) = fresh;
	if (old.raw)
		(void)handle_close(old);
	return OK;
}

static err_t setup_calls(const struct manifest_service *record, struct service *service)
{
	for (u32 i = 0; i < record->call_count; i++) {
		const struct manifest_call *call = &AT(record->calls, i);
		bool is_ours = call->service == MANIFEST_SUPERVISOR;
		handle_t port =
			is_ours ? system->port : AT(service_at(call->service)->handles, HANDLE_PORT);
		TRY(connection_create(port, call->badge, &AT(service->handles, HANDLE_CALLS + i)));
	}
	return OK;
}

// All of them before the services: some look at those of others.
void quotas_setup(void)
{
	for (u32 i = 0; i < system->services; i++) {
		err_t err = setup_quota(manifest_at(i), service_at(i));
		if (err != OK)
			say(LOG_SEVERITY_ERROR, "%s: its quota: %e", manifest_at(i)->name, err);
	}
}

err_t service_setup(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	handle_t *port = &AT(service->handles, HANDLE_PORT);
	handle_t *watch = &AT(service->handles, HANDLE_WATCH);
	TRY(setup_quota(record, service));
	TRY(port_create(record->level, port));
	TRY(timer_create(watch));
	TRY(event_bind(*watch, WATCH_READY | WATCH_AWAKE, EVENT_WATCH, index));
	AT(service->handles, HANDLE_TIME) = start_handle("time");
	if (record->ledger_size)
		TRY(ledger_renew(index));
	TRY(setup_calls(record, service));
	for (u32 i = 0; i < record->grant_count; i++) {
		u32 at = HANDLE_CALLS + MANIFEST_CALLS + i;
		err_t err = hardware_grant(index, &AT(record->grants, i), &AT(service->handles, at));
		if (err != OK)
			say(LOG_SEVERITY_ERROR, "%s: the grant %s cannot be given: %e", record->name,
				AT(record->grants, i).name, err);
	}
	service->is_whole = true;
	return OK;
}
