// SPDX-License-Identifier: MIT
// line_input.c - a byte that was typed: signal, flow control, editing, or into the buffer. The
// order of the questions is Linux's and can be seen from outside.
#include "servers/tty/line/line.h"

static bool is_input(const struct line_host *host, u32 flag)
{
	return (host->line->termios.input & flag) != 0;
}

static bool is_local(const struct line_host *host, u32 flag)
{
	return (host->line->termios.local & flag) != 0;
}

static bool is_special(const struct line_host *host, u8 byte, enum special which)
{
	u8 character = termios_character(&host->line->termios, which);
	return character != DISABLED_CHARACTER && byte == character;
}

static i32 room_of(const struct line *line)
{
	u32 room = LINE_SIZE - (line->head - line->tail);
	if (line->termios.input & PARMRK)
		room = (room + 2) / 3; // each byte may become three
	return (i32)room - 1;
}

// A full buffer without a whole line in it would wait for ever: the last byte is written over.
static bool is_overflowing(const struct line *line)
{
	return line->termios.local & ICANON && line->canon_head == line->tail;
}

bool line_has_room(const struct line *line)
{
	return room_of(line) > 0 || is_overflowing(line);
}

void line_put(const struct line_host *host, u8 byte)
{
	struct line *line = host->line;
	if (line->head - line->tail >= LINE_SIZE)
		return; // a marked byte at the very end of an overlong line
	u8 *place = &AT(host->store->byte, line->head % LINE_SIZE);
	u8 *mark = &AT(host->store->mark, line->head % LINE_SIZE);
	if (host->save) {
		host->save(host->self, place, 1);
		host->save(host->self, mark, 1);
	}
	*place = byte;
	*mark = 0;
	line->head++;
}

static void put_marked(const struct line_host *host, u8 byte)
{
	if (byte == 0xff && is_input(host, PARMRK))
		line_put(host, byte);
	line_put(host, byte);
}

static void start_if_any(const struct line_host *host)
{
	struct line *line = host->line;
	if (line->is_stopped && !line->is_stopped_by_control && is_input(host, IXON) &&
		is_input(host, IXANY))
		line->is_stopped = false;
}

static void echo_first(const struct line_host *host, u8 byte)
{
	struct line *line = host->line;
	line_finish_erasing(host);
	if (line->canon_head == line->head)
		line->canon_column = line->column;
	line_echo(host, byte);
}

static void receive_plain(const struct line_host *host, u8 byte)
{
	start_if_any(host);
	if (is_local(host, ECHO))
		echo_first(host, byte);
	put_marked(host, byte);
}

static void raise(const struct line_host *host, u32 signal)
{
	if (!is_local(host, NOFLSH)) {
		host->flush(host->self);
		line_drop_input(host->line);
	}
	host->signal(host->self, signal);
}

static bool receive_signal(const struct line_host *host, u8 byte)
{
	u32 signal = is_special(host, byte, VINTR)   ? LINE_INTERRUPT
	             : is_special(host, byte, VQUIT) ? LINE_QUIT
	             : is_special(host, byte, VSUSP) ? LINE_SUSPEND
	                                             : 0;
	if (!signal)
		return false;
	raise(host, signal);
	if (is_input(host, IXON) && !host->line->is_stopped_by_control)
		host->line->is_stopped = false;
	if (is_local(host, ECHO))
		line_echo(host, byte);
	return true;
}

static bool receive_flow(const struct line_host *host, u8 byte)
{
	struct line *line = host->line;
	if (is_special(host, byte, VSTART)) {
		if (!line->is_stopped_by_control)
			line->is_stopped = false;
		return true;
	}
	if (!is_special(host, byte, VSTOP))
		return false;
	line->is_stopped = true;
	return true;
}

static void end_line(const struct line_host *host, u8 byte)
{
	if (host->line->head - host->line->tail >= LINE_SIZE)
		host->line->head--;
	u32 at = host->line->head;
	line_put(host, byte);
	AT(host->store->mark, at % LINE_SIZE) = 1;
	host->line->canon_head = host->line->head;
}

static void reprint(const struct line_host *host, u8 byte)
{
	const struct line *line = host->line;
	line_finish_erasing(host);
	line_echo(host, byte);
	line_echo_raw(host, '\n');
	for (u32 i = line->canon_head; i != line->head; i++)
		line_echo(host, AT(host->store->byte, i % LINE_SIZE));
}

static void literal_next(const struct line_host *host)
{
	host->line->is_next_literal = true;
	if (!is_local(host, ECHO))
		return;
	line_finish_erasing(host);
	if (is_local(host, ECHOCTL)) {
		line_echo_raw(host, '^');
		line_echo_raw(host, '\b');
	}
}

// What ends a line. False: nothing of the kind.
static bool receive_end(const struct line_host *host, u8 byte)
{
	if (byte == '\n') {
		if (is_local(host, ECHO | ECHONL))
			line_echo_raw(host, '\n');
		end_line(host, byte);
		return true;
	}
	if (is_special(host, byte, VEOF)) {
		end_line(host, DISABLED_CHARACTER);
		return true;
	}
	bool is_second = is_special(host, byte, VEOL2) && is_local(host, IEXTEN);
	if (!is_special(host, byte, VEOL) && !is_second)
		return false;
	if (is_local(host, ECHO)) {
		if (host->line->canon_head == host->line->head)
			host->line->canon_column = host->line->column;
		line_echo(host, byte);
	}
	if (byte == 0xff && is_input(host, PARMRK))
		line_put(host, byte);
	end_line(host, byte);
	return true;
}

static bool receive_editing(const struct line_host *host, u8 byte)
{
	bool is_extended = is_local(host, IEXTEN);
	if (is_special(host, byte, VERASE) || is_special(host, byte, VKILL) ||
		(is_extended && is_special(host, byte, VWERASE))) {
		line_erase(host, byte);
		return true;
	}
	if (is_extended && is_special(host, byte, VLNEXT)) {
		literal_next(host);
		return true;
	}
	if (is_extended && is_local(host, ECHO) && is_special(host, byte, VREPRINT)) {
		reprint(host, byte);
		return true;
	}
	return receive_end(host, byte);
}

static void receive_usual(const struct line_host *host, u8 byte)
{
	if (is_input(host, IXON) && receive_flow(host, byte))
		return;
	if (is_local(host, ISIG) && receive_signal(host, byte))
		return;
	start_if_any(host);
	bool is_turned = byte == '\r' && is_input(host, ICRNL);
	if (byte == '\r') {
		if (is_input(host, IGNCR))
			return;
		byte = is_turned ? '\n' : byte;
	} else if (byte == '\n' && is_input(host, INLCR)) {
		byte = '\r';
	}
	if (is_local(host, ICANON) && receive_editing(host, byte))
		return;
	if (is_local(host, ECHO)) {
		if (is_turned) { // a newline typed as such is shown as ^J
			line_finish_erasing(host);
			line_echo_raw(host, byte);
		} else {
			echo_first(host, byte);
		}
	}
	put_marked(host, byte);
}

static void receive_break(const struct line_host *host)
{
	if (is_input(host, IGNBRK))
		return;
	if (is_input(host, BRKINT)) {
		raise(host, LINE_INTERRUPT);
		return;
	}
	if (is_input(host, PARMRK)) {
		line_put(host, 0xff);
		line_put(host, 0);
	}
	line_put(host, 0);
}

static void receive_damaged(const struct line_host *host, u8 byte)
{
	if (!is_input(host, INPCK)) {
		line_put(host, byte);
	} else if (!is_input(host, IGNPAR)) {
		if (is_input(host, PARMRK)) {
			line_put(host, 0xff);
			line_put(host, 0);
			line_put(host, byte);
		} else {
			line_put(host, 0);
		}
	}
}

static u8 fold(const struct line_host *host, u8 byte)
{
	if (is_input(host, ISTRIP))
		byte &= 0x7f;
	if (is_input(host, IUCLC) && is_local(host, IEXTEN) && line_is_upper(byte))
		byte = (u8)(byte + ('a' - 'A'));
	return byte;
}

void line_receive(const struct line_host *host, u8 byte, enum line_fault fault)
{
	struct line *line = host->line;
	bool is_literal = line->is_next_literal;
	i32 room = room_of(line);
	if (room <= 0) {
		if (!is_overflowing(line))
			return; // the caller did not ask
		if (room < 0)
			line->head--;
	}
	line->is_next_literal = false;
	if (fault & LINE_BREAK)
		receive_break(host);
	else if (fault & LINE_DAMAGED)
		receive_damaged(host, byte);
	else if (is_literal)
		receive_plain(host, fold(host, byte));
	else if (is_local(host, EXTPROC))
		line_put(host, fold(host, byte));
	else
		receive_usual(host, fold(host, byte));
}
