// SPDX-License-Identifier: MIT
// signal.c - signals that terminals send: they wait here, numbered, until proc has taken them and
// says so by asking for the next. And who is in the background.
#include "lib/os/ledger.h"
#include "os/syscalls.h"
#include "servers/tty/tty.h"

constexpr u32 SIGNAL_HANG_UP = 1, SIGNAL_CONTINUE = 18;

static bool is_told; // the event bit stands

static void add(const struct terminal *terminal, u32 group, u32 signal, bool is_hangup)
{
	struct outbox *outbox = &store->outbox;
	if (outbox->next - outbox->first == TTY_SIGNALS_MAX)
		outbox->first++; // proc does not come: the oldest go
	AT(outbox->list, outbox->next++ % TTY_SIGNALS_MAX) = (struct tty_signal){
		.device = terminal->device,
		.session = terminal->session,
		.group = group,
		.signal = signal,
		.is_hangup = is_hangup,
	};
}

void terminal_signal(struct terminal *terminal, u32 signal)
{
	if (!terminal->session || !terminal->group)
		return;
	ledger_save(&store->outbox, sizeof store->outbox);
	add(terminal, terminal->group, signal, false);
}

void terminal_signal_hangup(struct terminal *terminal)
{
	if (!terminal->session)
		return;
	ledger_save(&store->outbox, sizeof store->outbox);
	add(terminal, 0, SIGNAL_HANG_UP, false);
	add(terminal, 0, SIGNAL_CONTINUE, false);
	if (terminal->group && terminal->group != terminal->session) {
		add(terminal, terminal->group, SIGNAL_HANG_UP, false);
		add(terminal, terminal->group, SIGNAL_CONTINUE, false);
	}
	add(terminal, 0, 0, true);
}

void signal_publish(void)
{
	bool is_waiting = store->outbox.next != store->outbox.first && store->steering.raw;
	if (is_waiting == is_told)
		return;
	is_told = is_waiting;
	(void)object_signal(
		store->steering, is_waiting ? 0 : TTY_EVENT_SIGNALS, is_waiting ? TTY_EVENT_SIGNALS : 0);
}

bool is_background(const struct terminal *terminal, u64 who)
{
	u32 session = (u32)(who >> 32), group = (u32)who;
	return session && session == terminal->session && terminal->group && group != terminal->group;
}
