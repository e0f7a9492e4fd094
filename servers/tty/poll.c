// SPDX-License-Identifier: MIT
// poll.c - the event bits of open terminals: what poll says without asking us.
#include "os/syscalls.h"
#include "servers/tty/tty.h"

constexpr u32 WRITE_ROOM = 512; // as much has to be free before one may write
constexpr u32 ALL = TTY_EVENT_READABLE | TTY_EVENT_WRITABLE | TTY_EVENT_HANGUP | TTY_EVENT_PACKET;

// What stands, by terminal and end, and for which connection; not known after a restart.
static u32 told[TERMINALS][ENDS];
static handle_t told_to[TERMINALS][ENDS];

static u32 slave_bits(const struct terminal *terminal)
{
	const struct line *line = &terminal->line;
	u32 minimum = termios_character(&line->termios, VMIN);
	bool is_timed = termios_character(&line->termios, VTIME) != 0;
	bool is_readable = line_is_readable(line, is_timed || !minimum ? 1 : minimum);
	bool is_writable = output_room(terminal) >= WRITE_ROOM;
	return (is_readable ? TTY_EVENT_READABLE : 0) | (is_writable ? TTY_EVENT_WRITABLE : 0);
}

static u32 master_bits(const struct terminal *terminal)
{
	bool is_readable = terminal->put != terminal->taken;
	u32 bits = is_readable ? TTY_EVENT_READABLE : 0;
	if (line_has_room(&terminal->line))
		bits |= TTY_EVENT_WRITABLE;
	if (terminal->is_slave_closed)
		bits |= TTY_EVENT_HANGUP | TTY_EVENT_READABLE;
	if (terminal->is_packet && terminal->packet_news)
		bits |= TTY_EVENT_PACKET | TTY_EVENT_READABLE;
	return bits;
}

u32 end_bits(const struct terminal *terminal, enum end end)
{
	return end == MASTER ? master_bits(terminal) : slave_bits(terminal);
}

void end_publish(struct terminal *terminal, enum end end)
{
	handle_t connection = AT(terminal->ends, end).connection;
	u32 *before = &AT(AT(told, terminal_index(terminal)), end);
	handle_t *whom = &AT(AT(told_to, terminal_index(terminal)), end);
	if (!connection.raw) {
		*whom = HANDLE_NONE;
		return;
	}
	u32 bits = end_bits(terminal, end);
	struct rings *rings = device_output(terminal);
	if (rings && !(bits & TTY_EVENT_WRITABLE)) {
		rings_wish(rings, WISH_ROOM); // from here on the driver tells; until here we look
		bits = end_bits(terminal, end);
	}
	bool is_same = whom->raw == connection.raw;
	if (is_same && bits == *before)
		return;
	(void)object_signal(connection, (is_same ? *before : ALL) & ~bits, bits);
	*before = bits;
	*whom = connection;
}
