// SPDX-License-Identifier: MIT
// store.c - the ledger, and the edge of a transaction: what was touched becomes visible at commit:
// bytes to drivers, event bits to clients.
#include "lib/os/ledger.h"
#include "lib/os/start.h"
#include "servers/tty/tty.h"

constexpr u64 MAGIC = 0x7974'7400'0000'0002;

struct store *store;
handle_t port;

// By terminal. Touched: saved in this transaction, and to be published. Looked: to be tried.
static bool is_touched[TERMINALS], is_looked[TERMINALS];
static u32 touched_count, looked_count;

void terminal_look(struct terminal *terminal)
{
	bool *is_set = &AT(is_looked, terminal_index(terminal));
	looked_count += *is_set ? 0 : 1;
	*is_set = true;
}

bool terminal_take_look(struct terminal *terminal)
{
	bool *is_set = &AT(is_looked, terminal_index(terminal));
	bool was_set = *is_set;
	looked_count -= was_set ? 1 : 0;
	*is_set = false;
	return was_set;
}

bool is_looked_for(void)
{
	return looked_count != 0;
}

void terminal_touch(struct terminal *terminal)
{
	bool *is_set = &AT(is_touched, terminal_index(terminal));
	if (*is_set)
		return;
	ledger_save(terminal, sizeof *terminal);
	*is_set = true;
	touched_count++;
}

static void publish(struct terminal *terminal)
{
	device_publish(terminal);
	end_publish(terminal, SLAVE);
	if (is_pty(terminal))
		end_publish(terminal, MASTER);
}

void commit(void)
{
	ledger_commit();
	for (u32 i = 0; touched_count && i < TERMINALS; i++) {
		if (!AT(is_touched, i))
			continue;
		AT(is_touched, i) = false;
		touched_count--;
		publish(&AT(store->terminals, i));
	}
	signal_publish();
}

static void terminal_begin(struct terminal *terminal, u32 device)
{
	terminal->device = device;
	termios_usual(&terminal->line.termios);
}

// What a program may rely on when it reads the ledger: indices within bounds.
static bool is_sound(void)
{
	for (u32 i = 0; i < TERMINALS; i++) {
		const struct terminal *terminal = &AT(store->terminals, i);
		const struct line *line = &terminal->line;
		if (line->head - line->tail > LINE_SIZE)
			return false;
		if (i >= TERMINAL_PTY && terminal->put - terminal->taken > PTY_OUTPUT)
			return false;
	}
	return store->outbox.next - store->outbox.first <= TTY_SIGNALS_MAX;
}

err_t store_open(void)
{
	void *contents;
	port = start_handle("port");
	TRY(ledger_open(start_handle("ledger"), sizeof *store, &contents));
	store = contents;
	if (store->magic == MAGIC && is_sound())
		return OK;
	bool is_new = !store->magic;
	store->magic = 0;
	memory_fill(&store->steering, 0, sizeof *store - offsetof(struct store, steering));
	terminal_begin(&AT(store->terminals, TERMINAL_SERIAL), TTY_DEVICE_SERIAL);
	AT(store->terminals, TERMINAL_SERIAL).line.termios.control = 0x1002 | CS8 | CREAD | CLOCAL;
	terminal_begin(&AT(store->terminals, TERMINAL_SCREEN), TTY_DEVICE_FIRST);
	AT(store->terminals, TERMINAL_SCREEN).line.termios.input |= IUTF8;
	AT(AT(store->terminals, TERMINAL_SERIAL).window, 0) = 0; // unknown, as Linux has it
	store->magic = MAGIC;
	return is_new ? OK : ERR_CORRUPT;
}
