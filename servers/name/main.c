// SPDX-License-Identifier: MIT
// main.c - the schemes. A name leads to a connection: of a service, as the supervisor makes it, or
// the one that a program registered, for as long as somebody serves its port. Names of programs
// stand in the ledger and their connections in the estate, so that a restart forgets none.
#include "abi/info.h"
#include "abi/rights.h"
#include "abi/signals.h"
#include "ifc/name.h"
#include "ifc/supervisor.h"
#include "lib/os/ledger.h"
#include "lib/os/log.h"
#include "lib/os/scheme.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u32 ENTRIES_MAX = 256;
constexpr u64 KEY_ENTRY = 1ull << 32; // events: an entry's connection hung up
constexpr u64 KEY_WATCH = 2ull << 32;
constexpr u64 BADGE_NARROW = 1, BADGE_STEERS = 2; // whose end a connection is

struct entry {
	char name[NAME_NAME_MAX]; // filled with zeros; "" is a free entry
	handle_t end;             // owned
	u64 identity;             // of who registered it
};

struct names { // the ledger
	struct entry entries[ENTRIES_MAX];
};

static struct names *names;

static supervisor_t supervisor(void)
{
	return (supervisor_t){ start_handle("supervisor") };
}

static view_t entry_name(const struct entry *entry)
{
	view_t all = view_of(entry->name);
	return view_clamp(all, 0, view_find(all, 0));
}

static err_t take_name(lease_t lease, u8 (*room)[NAME_NAME_MAX], view_t *out)
{
	if (lease.size >= sizeof *room)
		return ERR_TOO_BIG;
	TRY(lease_get(lease, 0, span_clamp(span_of(*room), 0, lease.size)));
	*out = view_clamp(view_of(*room), 0, lease.size);
	return OK;
}

static bool is_name(view_t name)
{
	for (usize i = 0; i < name.size; i++)
		if (view_at(name, i) <= ' ' || view_at(name, i) == '/')
			return false;
	return name.size && !view_equal(name, VIEW_TEXT(".")) && !view_equal(name, VIEW_TEXT(".."));
}

static struct entry *_Nullable find(view_t name)
{
	for (u32 i = 0; i < ENTRIES_MAX; i++) {
		struct entry *entry = &AT(names->entries, i);
		if (AT(entry->name, 0) && view_equal(entry_name(entry), name))
			return entry;
	}
	return nullptr;
}

static void entry_free(struct entry *entry)
{
	handle_t end = entry->end;
	ledger_save(entry, sizeof *entry);
	*entry = (struct entry){};
	ledger_commit();
	(void)handle_close(end);
}

// A provider that is gone for good hangs up.
static bool is_dead(const struct entry *entry)
{
	struct object_info info = {};
	u64 size;
	return handle_info(entry->end, INFO_TOPIC_OBJECT, span_of(info), &size) != OK ||
	       info.signals & SIGNAL_HANGUP;
}

static bool is_service(view_t name)
{
	handle_t end;
	if (supervisor_connect(supervisor(), name, 0, &end) != OK)
		return false;
	(void)handle_close(end);
	return true;
}

static err_t operation_open(
	void *_Nullable self, struct caller caller, lease_t lease, handle_t *out_end)
{
	u8 room[NAME_NAME_MAX];
	view_t name;
	(void)self;
	TRY(take_name(lease, &room, &name));
	struct entry *entry = find(name);
	if (entry && is_dead(entry)) {
		entry_free(entry);
		return ERR_NOT_FOUND;
	}
	if (entry)
		TRY(handle_duplicate(
			entry->end, RIGHT_CALL | RIGHT_WAIT | RIGHT_DUP | RIGHT_TRANSFER, out_end));
	else
		TRY(supervisor_connect(supervisor(), name, caller.badge == BADGE_STEERS, out_end));
	(void)handle_pass(*out_end);
	return OK;
}

static err_t operation_provide(
	void *_Nullable self, struct caller caller, lease_t lease, handle_t end)
{
	u8 room[NAME_NAME_MAX];
	view_t name;
	(void)self;
	TRY(take_name(lease, &room, &name));
	if (!is_name(name))
		return ERR_INVALID;
	struct entry *old = find(name);
	if (old && is_dead(old))
		entry_free(old);
	else if (old)
		return ERR_EXISTS;
	if (is_service(name))
		return ERR_EXISTS;
	for (u32 i = 0; i < ENTRIES_MAX; i++) {
		struct entry *entry = &AT(names->entries, i);
		if (AT(entry->name, 0))
			continue;
		TRY(port_bind(start_handle("port"), end, SIGNAL_HANGUP, KEY_ENTRY | i, BIND_MODE_LEVEL));
		ledger_save(entry, sizeof *entry);
		*entry = (struct entry){ .end = end, .identity = caller.identity };
		(void)span_copy(span_of(entry->name), name);
		ledger_commit();
		return OK;
	}
	return ERR_QUOTA;
}

static err_t operation_withdraw(void *_Nullable self, struct caller caller, lease_t lease)
{
	u8 room[NAME_NAME_MAX];
	view_t name;
	(void)self;
	TRY(take_name(lease, &room, &name));
	struct entry *entry = find(name);
	if (!entry)
		return ERR_NOT_FOUND;
	if (entry->identity != caller.identity)
		return ERR_RIGHTS;
	entry_free(entry);
	return OK;
}

static err_t put_name(lease_t lease, view_t name, u32 *out_size)
{
	if (name.size > lease.size)
		return ERR_TOO_BIG;
	*out_size = (u32)name.size;
	return lease_put(lease, 0, name);
}

// First what services provide, then what programs do.
static err_t operation_list(
	void *_Nullable self, struct caller caller, u32 index, lease_t lease, u32 *out_size)
{
	u8 room[NAME_NAME_MAX];
	u32 size, count = 0;
	(void)self;
	(void)caller;
	if (supervisor_scheme(supervisor(), index, span_of(room), &size) == OK)
		return put_name(lease, view_clamp(view_of(room), 0, size), out_size);
	while (count < index && supervisor_scheme(supervisor(), count, span_of(room), &size) == OK)
		count++;
	for (u32 i = 0; i < ENTRIES_MAX; i++) {
		const struct entry *entry = &AT(names->entries, i);
		if (AT(entry->name, 0) && count++ == index)
			return put_name(lease, entry_name(entry), out_size);
	}
	return ERR_NOT_FOUND;
}

static err_t operation_narrow(void *_Nullable self, struct caller caller, handle_t *out_end)
{
	(void)self;
	(void)caller;
	TRY(connection_create(start_handle("port"), BADGE_NARROW, out_end));
	(void)handle_pass(*out_end);
	return OK;
}

static const struct name_ops ops = {
	.open = operation_open,
	.provide = operation_provide,
	.withdraw = operation_withdraw,
	.list = operation_list,
	.narrow = operation_narrow,
};

static void on_event(u64 key)
{
	if (key == KEY_WATCH)
		service_answer();
	u32 index = (u32)key;
	if (!(key & KEY_ENTRY) || index >= ENTRIES_MAX)
		return;
	struct entry *entry = &AT(names->entries, index);
	if (AT(entry->name, 0) && is_dead(entry))
		entry_free(entry);
}

// Not lib/os's loop: a connection is bound for each entry, more than that one has places for.
static err_t run(void)
{
	static struct message message;
	bool has_answer = false;
	for (;;) {
		message.tag = has_answer ? message.tag | TAG_REPLY : 0;
		err_t err = port_receive(start_handle("port"), &message);
		has_answer = false;
		if (err == ERR_GONE || err == ERR_INTERRUPTED)
			continue;
		TRY(err);
		if (message_kind(&message) == MESSAGE_CALL)
			has_answer = name_dispatch(&ops, nullptr, &message);
		else if (message_kind(&message) == MESSAGE_EVENT)
			on_event(message.badge);
	}
}

int main(void)
{
	void *contents;
	err_t err = ledger_open(start_handle("ledger"), sizeof(struct names), &contents);
	if (err == OK)
		err = service_watch(start_handle("port"), KEY_WATCH);
	if (err != OK) {
		log_line(LOG_SEVERITY_ERROR, "cannot start: %e", err);
		return 1;
	}
	names = contents;
	service_ready();
	return run() == ERR_CLOSED ? 0 : 1;
}
