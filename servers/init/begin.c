// SPDX-License-Identifier: MIT
// begin.c - a life of a service: a process with exactly the handles of its manifest. With a ledger
// it inherits the handle table of its last life, where they stand already.
#include "abi/rights.h"
#include "abi/signals.h"
#include "lib/base/err.h"
#include "lib/base/format.h"
#include "lib/base/text.h"
#include "lib/os/boot_image.h"
#include "lib/os/process.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/init/event.h"
#include "servers/init/hardware.h"

constexpr u32 RIGHTS_CONNECTION =
	RIGHT_CALL | RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_DUP | RIGHT_TRANSFER;
constexpr u32 RIGHTS_LOOK = RIGHT_READ | RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT;

static bool is_settled(const struct service *service)
{
	return service->state != SUPERVISOR_STATE_WAITING &&
	       service->state != SUPERVISOR_STATE_STARTING &&
	       service->state != SUPERVISOR_STATE_BACKING_OFF;
}

// Whom it calls has started, or will not come.
static bool may_begin(const struct manifest_service *record)
{
	for (u32 i = 0; i < record->call_count; i++) {
		u16 provider = AT(record->calls, i).service;
		if (provider != MANIFEST_SUPERVISOR && !is_settled(service_at(provider)))
			return false;
	}
	return true;
}

static err_t add(
	struct spawn *spawn, const struct service *service, u32 at, const char *name, u32 rights)
{
	handle_t handle = AT(service->handles, at);
	if (!handle.raw)
		return OK;
	TRY(spawn_give(spawn, name, handle, rights));
	AT(spawn->handles, spawn->handle_count - 1).value = AT(service->values, at);
	return OK;
}

static const char *call_name(const struct manifest_call *call)
{
	if (call->service == MANIFEST_SUPERVISOR)
		return "supervisor";
	return AT(manifest_at(call->service)->provides, call->provide).name;
}

static err_t add_handles(struct spawn *spawn, u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	const struct service *service = service_at(index);
	TRY(add(spawn, service, HANDLE_PORT, "port", RIGHT_SERVE | RIGHT_MANAGE | RIGHT_WAIT));
	TRY(add(spawn, service, HANDLE_WATCH, "watch", RIGHT_SIGNAL | RIGHT_WAIT));
	TRY(add(spawn, service, HANDLE_TIME, "time", RIGHTS_LOOK));
	TRY(add(spawn, service, HANDLE_LEDGER, "ledger", RIGHTS_ALL));
	for (u32 i = 0; i < record->call_count; i++)
		TRY(add(
			spawn, service, HANDLE_CALLS + i, call_name(&AT(record->calls, i)), RIGHTS_CONNECTION));
	for (u32 i = 0; i < record->grant_count; i++) {
		const struct manifest_grant *grant = &AT(record->grants, i);
		TRY(add(spawn, service, HANDLE_CALLS + MANIFEST_CALLS + i, grant->name,
			hardware_rights(grant->kind)));
	}
	return OK;
}

// The values that the handles have in the new process, for its next life.
static void keep_values(const struct spawn *spawn, struct service *service)
{
	u32 next = 0;
	for (u32 i = 0; i < HANDLES_MAX; i++)
		AT(service->values, i) = AT(service->handles, i).raw ? AT(spawn->handles, next++).value : 0;
	service->self = spawn->self;
}

// What follows this key on the kernel's command line, up to its end.
view_t line_after(view_t key)
{
	for (view_t rest = command_line, word; (rest = text_trim(rest)).size;) {
		if (view_starts_with(rest, key))
			return view_from_offset(rest, key.size);
		if (!text_take_word(&rest, &word))
			break;
	}
	return (view_t){};
}

// `session=PATH ...`: a native program in the place of the first POSIX process, for tests.
view_t session_program(const struct manifest_service *record)
{
	return record->restart == MANIFEST_ENDS_SYSTEM ? line_after(VIEW_TEXT("session=")) : (view_t){};
}

static err_t find_program(const struct manifest_service *record, view_t *out)
{
	view_t session = session_program(record), path;
	u8 room[MANIFEST_TEXT] = {};
	if (!text_take_word(&session, &path))
		return boot_file(record->run, out);
	TRY(span_copy(span_clamp(span_of(room), 0, sizeof room - 1), path));
	return boot_file((const char *)room, out);
}

// PATH, what the manifest says, what the hardware says; the last argument as it is.
static void fill_arguments(struct spawn *spawn, const struct manifest_service *record)
{
	static u8 text[2 * MANIFEST_TEXT + 100];
	view_t geometry = {};
	for (u32 i = 0; i < record->grant_count; i++)
		if (AT(record->grants, i).kind == MANIFEST_FRAMEBUFFER)
			geometry = hardware_geometry();
	view_t session = session_program(record);
	if (session.size) {
		spawn->arguments = session;
		return;
	}
	view_t given = record->flags & MANIFEST_COMMAND ? line_after(VIEW_TEXT("exec=")) : (view_t){};
	const char *mark = given.size ? "-c" : "";
	spawn->arguments =
		format_view(span_of(text), "%s %s %v %s", record->run, record->arguments, &geometry, mark);
	spawn->last = record->flags & MANIFEST_LINE ? command_line : given;
}

static void forget_estate(struct service *service)
{
	if (service->dead.raw)
		(void)handle_close(service->dead);
	service->dead = HANDLE_NONE;
	span_fill(span_of(service->values), 0);
	service->self = 0;
}

static err_t make_process(u32 index)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	handle_t process;
	TRY(process_create(service->quota, IDENTITY_FIRST + index, record->level, &process));
	service->is_filled = false;
	service->process = process; // from here on our next life would clear it away
	if (service->dead.raw &&
		process_control(process, PROCESS_OPERATION_INHERIT, service->dead.raw, 0) != OK) {
		say(LOG_SEVERITY_ERROR, "%s: its handles are lost", record->name);
		forget_estate(service);
	}
	if (!record->ledger_size)
		return OK;
	return process_control(process, PROCESS_OPERATION_KEEP_HANDLES, 1, 0);
}

static err_t fill_process(u32 index, struct spawn *spawn)
{
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	handle_t watch = AT(service->handles, HANDLE_WATCH);
	TRY(find_program(record, &spawn->image));
	TRY(make_process(index));
	spawn->process = service->process;
	spawn->former = service->self;
	fill_arguments(spawn, record);
	TRY(add_handles(spawn, index));
	TRY(object_signal(watch, WATCH_READY | WATCH_PING, 0));
	TRY(event_bind(service->process, SIGNAL_EXITED, EVENT_EXIT, index));
	TRY(spawn_start(spawn, &service->process));
	keep_values(spawn, service);
	service->is_filled = true;
	if (service->dead.raw)
		(void)handle_close(service->dead);
	service->dead = HANDLE_NONE;
	return OK;
}

void service_begin_life(u32 index)
{
	static struct spawn spawn;
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	if (!may_begin(record)) {
		service->state = SUPERVISOR_STATE_WAITING;
		service->due_ns = DEADLINE_NEVER;
		return;
	}
	u64 now = clock_read();
	service->state = SUPERVISOR_STATE_STARTING;
	service->due_ns = record->ready_ns ? now + record->ready_ns : DEADLINE_NEVER;
	service->started_ns = now;
	service->is_absent = service->is_asked = service->is_awake = service->is_hung = false;
	spawn = (struct spawn){};
	err_t err = service->is_whole ? OK : service_setup(index);
	if (err == OK)
		err = fill_process(index, &spawn);
	if (err == ERR_CORRUPT)
		say(LOG_SEVERITY_ERROR, "%s: %s: %s", record->name, record->run,
			elf_problem_text(spawn.problem));
	if (err != OK)
		service_failed(index, err);
	else if (!record->ready_ns)
		service_is_ready(index);
}

// In the place of a service that will not come: a program that answers every call with an error.
err_t absent_begin(u32 index)
{
	static struct spawn spawn;
	const struct manifest_service *record = manifest_at(index);
	struct service *service = service_at(index);
	if (!record->provide_count || !service->is_whole)
		return OK;
	spawn = (struct spawn){
		.arguments = VIEW_TEXT("absent"), .level = record->level, .identity = IDENTITY_FIRST + index
	};
	TRY(boot_file("service/absent", &spawn.image));
	TRY(spawn_give(&spawn, "port", AT(service->handles, HANDLE_PORT), RIGHT_SERVE));
	service->is_filled = false;
	TRY(spawn_start(&spawn, &service->process));
	service->is_filled = service->is_absent = true;
	return event_bind(service->process, SIGNAL_EXITED, EVENT_EXIT, index);
}
