// SPDX-License-Identifier: MIT
// poll_wait.c - looks at all files; if none is ready, waits: for one thing at its object, for more
// at a port to which all are tied for as long. Then it looks again.
#include "lib/posix/core/clock.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/event/poll.h"
#include "lib/posix/event/signal_watch.h"
#include "lib/posix/linux/errno.h"
#include "os/syscalls.h"

// Ready without a wait: how long to wait at most when two handles name one object, so that only
// one of them could be tied.
constexpr u64 BLIND_NS = 10'000'000;

i64 poll_list_init(struct poll_list *list, u32 size)
{
	list->count = 0;
	list->size = size;
	list->entry = list->few;
	if (size <= COUNT(list->few))
		return 0;
	struct poll_entry *memory = heap_take(size * sizeof(struct poll_entry));
	if (!memory)
		return -ENOMEM;
	list->entry = memory;
	return 0;
}

static struct poll_entry *entry_at(struct poll_list *list, u32 i)
{
	return view_element(list->entry, sizeof(struct poll_entry), list->size, i);
}

void poll_list_fini(struct posix_thread *self, struct poll_list *list)
{
	for (u32 i = 0; i < list->count; i++)
		if (entry_at(list, i)->is_open)
			file_put(self, &entry_at(list, i)->file);
	if (list->entry != list->few)
		heap_give(list->entry, list->size * sizeof(struct poll_entry));
}

i64 poll_list_add(struct posix_thread *self, struct poll_list *list, i32 number, u32 wanted)
{
	struct poll_entry *entry = entry_at(list, list->count++);
	entry->wanted = wanted;
	entry->found = 0;
	i64 answer = file_get(self, number, &entry->file);
	entry->is_open = answer >= 0;
	return answer;
}

void poll_list_mark(struct poll_list *list, u32 i, u32 found)
{
	entry_at(list, i)->found = found;
}

u32 poll_list_found(struct poll_list *list, u32 i)
{
	return entry_at(list, i)->found;
}

static i64 look(struct posix_thread *self, struct poll_list *list)
{
	i64 ready = 0;
	for (u32 i = 0; i < list->count; i++) {
		struct poll_entry *entry = entry_at(list, i);
		if (entry->is_open)
			entry->found = file_ready(self, &entry->file, entry->wanted);
		ready += entry->found != 0;
	}
	return ready;
}

// What a wait has tied to its port.
struct tied {
	handle_t port;
	u32 count;
	struct watch only; // if it is one: nothing was tied
	bool is_blind;
	u64 signals; // signal descriptors: which signals end the wait
};

static void tie(struct tied *tied, const struct watch *watch, u64 key)
{
	if (!watch->handle.raw)
		return;
	if (tied->count++ == 0) {
		tied->only = *watch;
		return;
	}
	err_t err = port_bind(tied->port, watch->handle, watch->bits, key, BIND_MODE_LEVEL);
	tied->is_blind |= err != OK;
}

static void tie_all(struct poll_list *list, struct tied *tied)
{
	for (u32 i = 0; i < list->count; i++) {
		const struct poll_entry *entry = entry_at(list, i);
		if (!entry->is_open)
			continue;
		tied->signals |= signal_watch_set(&entry->file);
		struct watches watches;
		file_watches(&entry->file, entry->wanted, &watches);
		for (u32 n = 0; n < WATCHES; n++)
			tie(tied, &AT(watches.watch, n), i);
	}
	if (tied->count > 1)
		tied->is_blind |=
			port_bind(tied->port, tied->only.handle, tied->only.bits, 0, BIND_MODE_LEVEL) != OK;
}

static void untie_all(struct poll_list *list, const struct tied *tied)
{
	for (u32 i = 0; i < list->count && tied->count > 1; i++) {
		const struct poll_entry *entry = entry_at(list, i);
		struct watches watches;
		if (!entry->is_open)
			continue;
		file_watches(&entry->file, entry->wanted, &watches);
		for (u32 n = 0; n < WATCHES; n++)
			if (AT(watches.watch, n).handle.raw)
				(void)!port_bind(tied->port, AT(watches.watch, n).handle, 0, 0, BIND_MODE_LEVEL);
	}
}

static err_t wait_tied(struct posix_thread *self, const struct tied *tied, u64 deadline)
{
	u32 observed;
	if (tied->count == 0)
		return wait_sleep(self, deadline) == OK ? ERR_TIMED_OUT : ERR_INTERRUPTED;
	if (tied->count == 1)
		return wait_object(self, tied->only.handle, tied->only.bits, deadline, &observed);
	return wait_port(self, tied->port, deadline, nullptr);
}

// OK: something happened, look again.
static err_t wait_once(
	struct posix_thread *self, struct poll_list *list, handle_t port, u64 deadline)
{
	struct tied tied = { .port = port };
	tie_all(list, &tied);
	u64 soon = posix_clock() + BLIND_NS;
	bool is_short = tied.is_blind && deadline > soon;
	u64 mask = signal_watch_begin(self, tied.signals);
	err_t err = wait_tied(self, &tied, is_short ? soon : deadline);
	err = signal_watch_end(self, tied.signals, mask, err);
	untie_all(list, &tied);
	return err == ERR_TIMED_OUT && is_short ? OK : err;
}

i64 poll_wait(struct posix_thread *self, struct poll_list *list, u64 deadline)
{
	i64 ready = look(self, list);
	if (ready || !deadline)
		return ready;
	handle_t port;
	TRY_POSIX(wait_port_take(&port));
	err_t err = OK;
	while (!ready && err == OK) {
		err = wait_is_interrupted(self) ? ERR_INTERRUPTED : wait_once(self, list, port, deadline);
		ready = look(self, list);
	}
	wait_port_give(port);
	if (!ready && err == ERR_INTERRUPTED)
		return -ERESTARTNOHAND;
	return ready || err == ERR_TIMED_OUT ? ready : posix_error(err);
}
