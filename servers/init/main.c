// SPDX-License-Identifier: MIT
// main.c - the supervisor's one loop: calls, the ends of services, their being ready, time.
// Authority: all of it, from servers/root; handed on narrowly, as manifests say. When init dies it
// is started again with its ledger and its handles, and goes on from there.
#include "lib/os/boot_image.h"
#include "lib/os/ledger.h"
#include "lib/os/process.h"
#include "lib/os/service.h"
#include "lib/os/start.h"
#include "os/syscalls.h"
#include "servers/init/event.h"

struct system *system;
struct manifest manifest;
view_t command_line;

constexpr u64 LINES_CAPACITY = 16 * 1024;

static err_t read_manifest(void)
{
	view_t bytes;
	TRY(boot_file("boot/services", &bytes));
	enum manifest_problem problem = manifest_read(bytes, &manifest);
	if (problem == MANIFEST_GOOD)
		return OK;
	print("init: boot/services: record %u: %s\n", manifest.bad, manifest_problem_text(problem));
	return ERR_CORRUPT;
}

static err_t open_ledger(void)
{
	static struct system private; // when root gave no ledger: then this is our only life
	void *contents;
	system = &private;
	if (!start_handle("ledger").raw)
		return OK;
	TRY(ledger_open(start_handle("ledger"), sizeof(struct system), &contents));
	system = contents;
	return OK;
}

static err_t begin_system(void)
{
	system->services = manifest.count;
	TRY(port_create(LEVEL_PORT, &system->port));
	TRY(stream_create(LINES_CAPACITY, 0, &system->lines_in, &system->lines_out));
	say_names();
	for (u32 i = 0; i < system->services; i++)
		service_at(i)->due_ns = DEADLINE_NEVER;
	quotas_setup();
	// Ports first: connections are made from them, also of services that start later.
	for (u32 i = 0; i < system->services; i++) {
		err_t err = service_setup(i);
		if (err != OK)
			say(LOG_SEVERITY_ERROR, "%s: %e", manifest_at(i)->name, err);
	}
	system->magic = SYSTEM_MAGIC;
	services_begin_waiting();
	return OK;
}

// What our last life left half done: a process that never got a thread.
static void clear_away(u32 index)
{
	struct service *service = service_at(index);
	if (!service->process.raw || service->is_filled)
		return;
	service_failed(index, ERR_RESTARTED);
}

static void go_on(void)
{
	system->lives++;
	say(LOG_SEVERITY_WARNING, "init: life %u begins", system->lives + 1);
	for (u32 i = 0; i < system->services; i++) {
		clear_away(i);
		event_handle(event_key(EVENT_EXIT, i), 0);
	}
	services_begin_waiting();
}

static bool dispatch(struct message *message)
{
	if (((u32)message->tag >> TAG_PROTOCOL_SHIFT) == SUPERVISOR_PROTOCOL)
		return supervisor_dispatch(&supervisor_operations, nullptr, message);
	return files_dispatch(message);
}

static void check_time(void)
{
	u64 now = clock_read();
	if (watch_next() > now)
		return;
	for (u32 i = 0; i < system->services; i++)
		service_due(i, now);
	system_due(now);
}

// By order: the answer goes out first, else the order would be given again to the next life.
static void end_life(struct message *message)
{
	system->is_restarting = false;
	(void)reply_send(HANDLE_NONE, message);
	program_exit(0); // not ROOT_SYSTEM_END: root starts the next life
}

static err_t run(void)
{
	static struct message message;
	bool has_answer = false;
	for (;;) {
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		err_t err = port_receive_until(system->port, &message, watch_next());
		has_answer = false;
		if (err == OK && message_kind(&message) == MESSAGE_CALL)
			has_answer = dispatch(&message);
		else if (err == OK && message_kind(&message) == MESSAGE_EVENT)
			event_handle(message.badge, (u32)AT(message.word, 0));
		else if (err != OK && err != ERR_GONE && err != ERR_INTERRUPTED && err != ERR_TIMED_OUT)
			return err;
		if (system->is_restarting)
			end_life(&message);
		check_time();
	}
}

int main(void)
{
	command_line = view_cstring(start_argument(start_argument_count() - 1));
	err_t err = read_manifest();
	if (err == OK)
		err = open_ledger();
	if (err == OK && system->magic == SYSTEM_MAGIC)
		go_on();
	else if (err == OK)
		err = begin_system();
	if (err == OK)
		err = run();
	print("init: %e\n", err);
	return 1;
}
