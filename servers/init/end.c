// SPDX-License-Identifier: MIT
// end.c - a service has ended: why is said and kept, then its manifest says what follows. At once
// again, then with growing pauses; too often in too short a time: degraded, until somebody steers.
#include "lib/base/time.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/init/event.h"

constexpr u64 PAUSE_FIRST_NS = 10 * NS_PER_MS, PAUSE_MAX_NS = 5 * NS_PER_SECOND;
constexpr u64 QUICK_NS =
	NS_PER_SECOND;          // so short a life counts as one that its ledger may have ended
constexpr u8 QUICK_MAX = 3; // so many of them one after the other: an empty ledger

static void stay(u32 index, enum supervisor_state state)
{
	struct service *service = service_at(index);
	service->state = state;
	service->due_ns = DEADLINE_NEVER;
	err_t err = absent_begin(index);
	if (err != OK)
		say(LOG_SEVERITY_ERROR, "%s: callers will wait: %e", manifest_at(index)->name, err);
	services_begin_waiting();
}

static u64 pause_ns(u32 failures)
{
	if (failures <= 1)
		return 0;
	u32 doublings = failures - 2;
	u64 pause = doublings < 16 ? PAUSE_FIRST_NS << doublings : PAUSE_MAX_NS;
	return pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
}

static void again(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	u64 now = clock_read();
	if (now - service->window_ns > record->restart_ns) {
		service->window_ns = now;
		service->failures = 0;
	}
	service->failures++;
	if (service->failures > record->restart_count) {
		say(LOG_SEVERITY_ERROR, "%s: ended %u times in %lu s: degraded", record->name,
			service->failures, record->restart_ns / NS_PER_SECOND);
		stay(index, SUPERVISOR_STATE_DEGRADED);
		return;
	}
	service->restarts++;
	u64 pause = pause_ns(service->failures);
	if (!pause) {
		service_begin_life(index);
		return;
	}
	service->state = SUPERVISOR_STATE_BACKING_OFF;
	service->due_ns = now + pause;
}

// Its last words as a number, as a shell has it: what a POSIX process ends with is a wait status.
static u64 end_code(u32 index)
{
	const struct process_info *end = &service_at(index)->end;
	if (end->exit_reason == EXIT_FAULT)
		return 128 + 11;
	if (end->exit_reason == EXIT_KILLED)
		return 128 + 9;
	if (session_program(manifest_at(index)).size)
		return end->exit_code;
	u64 signal = end->exit_code & 0x7f;
	return signal ? 128 + signal : end->exit_code >> 8 & 0xff;
}

static void follow(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	const struct service *service = service_at(index);
	bool is_good = service->end.exit_reason == EXIT_RETURNED && !service->end.exit_code;
	switch (record->restart) {
	case MANIFEST_ALWAYS: again(index); break;
	case MANIFEST_ON_FAILURE:
		if (is_good)
			stay(index, SUPERVISOR_STATE_ENDED);
		else
			again(index);
		break;
	case MANIFEST_NEVER: stay(index, SUPERVISOR_STATE_ENDED); break;
	case MANIFEST_ENDS_SYSTEM: system_end(end_code(index), false);
	}
}

// A ledger outlives the process, unless it seems to be what kills it.
static void keep_estate(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	bool is_quick = service->ended_ns - service->started_ns < QUICK_NS;
	service->quick_ends = is_quick && !service->is_stopping ? service->quick_ends + 1 : 0;
	if (record->ledger_size && service->quick_ends < QUICK_MAX) {
		event_unbind(service->process);
		service->dead = service->process;
		service->process = HANDLE_NONE;
		return;
	}
	(void)handle_close(service->process);
	service->process = HANDLE_NONE;
	span_fill(span_of(service->values), 0);
	service->self = 0;
	if (!record->ledger_size)
		return;
	service->quick_ends = 0;
	err_t err = ledger_renew(index);
	say(LOG_SEVERITY_ERROR, "%s: its ledger is given up: %e", record->name, err);
}

void service_kill(const struct service *service, u64 code)
{
	struct process_info info = {};
	u64 size;
	if (handle_info(service->process, INFO_TOPIC_PROCESS, span_of(info), &size) == OK &&
		info.exit_reason == EXIT_RUNNING)
		(void)process_control(service->process, PROCESS_OPERATION_KILL, code, 0);
}

void service_ended(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	u8 room[200];
	u64 size;
	if (service->is_absent) {
		(void)handle_close(service->process);
		service->process = HANDLE_NONE;
		service->is_absent = false;
		return;
	}
	service->ended_ns = clock_read();
	if (handle_info(service->process, INFO_TOPIC_PROCESS, span_of(service->end), &size) != OK)
		service->end = (struct process_info){ .exit_reason = EXIT_KILLED };
	view_t text = end_text(service, span_of(room));
	bool is_order = service->is_stopping;
	bool is_expected = is_order || record->restart == MANIFEST_ENDS_SYSTEM;
	say(is_expected ? LOG_SEVERITY_INFO : LOG_SEVERITY_WARNING, "%s: %v", record->name, &text);
	keep_estate(index);
	service->is_stopping = false;
	if (is_order && service->state == SUPERVISOR_STATE_STOPPED) {
		stay(index, SUPERVISOR_STATE_STOPPED);
	} else if (is_order) {
		service->restarts++;
		service_begin_life(index);
	} else {
		follow(index);
	}
}

void service_failed(u32 index, err_t err)
{
	struct service *service = service_at(index);
	say(LOG_SEVERITY_ERROR, "%s: cannot be started: %e", manifest_at(index)->name, err);
	if (service->process.raw) {
		(void)process_control(service->process, PROCESS_OPERATION_KILL, 0, 0);
		(void)handle_close(service->process);
		service->process = HANDLE_NONE;
	}
	span_fill(span_of(service->values), 0);
	service->self = 0;
	service->end = (struct process_info){ .exit_reason = EXIT_KILLED };
	if (err == ERR_NOT_FOUND || err == ERR_CORRUPT)
		stay(index, SUPERVISOR_STATE_DEGRADED); // will not get better by trying
	else
		follow(index);
}
