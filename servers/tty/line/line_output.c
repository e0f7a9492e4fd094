// SPDX-License-Identifier: MIT
// line_output.c - what goes to the screen: a program's bytes through OPOST, and echoes. Echoes for
// which there is no room are lost; programs wait for room.
#include "servers/tty/line/line.h"

constexpr u32 TAB = 8;
constexpr u32 ECHO_RESERVE = 256; // room that programs leave to echoes

static void emit(const struct line_host *host, view_t bytes)
{
	host->put(host->self, bytes);
}

static bool is_on(const struct line_host *host, u32 output_flag)
{
	return (host->line->termios.output & output_flag) != 0;
}

static bool put_newline(const struct line_host *host, u32 room)
{
	struct line *line = host->line;
	if (is_on(host, ONLCR) && room < 2)
		return false;
	if (is_on(host, ONLRET | ONLCR))
		line->column = 0;
	line->canon_column = line->column;
	emit(host, is_on(host, ONLCR) ? VIEW_TEXT("\r\n") : VIEW_TEXT("\n"));
	return true;
}

static bool put_return(const struct line_host *host)
{
	struct line *line = host->line;
	if (is_on(host, ONOCR) && !line->column)
		return true;
	if (is_on(host, OCRNL)) {
		if (is_on(host, ONLRET))
			line->canon_column = line->column = 0;
		emit(host, VIEW_TEXT("\n"));
		return true;
	}
	line->canon_column = line->column = 0;
	emit(host, VIEW_TEXT("\r"));
	return true;
}

static bool put_tab(const struct line_host *host, u32 room)
{
	u32 spaces = TAB - host->line->column % TAB;
	bool is_expanded = (host->line->termios.output & TABDLY) == TABDLY;
	if (is_expanded && room < spaces)
		return false;
	host->line->column += spaces;
	emit(host, is_expanded ? view_clamp(VIEW_TEXT("        "), 0, spaces) : VIEW_TEXT("\t"));
	return true;
}

// Through OPOST. False: no room for all that it becomes.
static bool put_cooked(const struct line_host *host, u8 byte, u32 room)
{
	struct line *line = host->line;
	if (!room)
		return false;
	switch (byte) {
	case '\n': return put_newline(host, room);
	case '\r': return put_return(host);
	case '\t': return put_tab(host, room);
	case '\b':
		if (line->column)
			line->column--;
		break;
	default:
		if (line_is_control(byte))
			break;
		if (is_on(host, OLCUC) && line_is_lower(byte))
			byte = (u8)(byte - ('a' - 'A'));
		if (!line_is_continuation(line, byte))
			line->column++;
	}
	emit(host, view_of(byte));
	return true;
}

// Bytes at the front that OPOST passes as they are, and that move the cursor by one each.
static usize plain_run(const struct line *line, view_t bytes)
{
	usize n = 0;
	while (n < bytes.size && view_at(bytes, n) >= ' ' && view_at(bytes, n) < 127)
		n++;
	return line->termios.output & OLCUC ? 0 : n;
}

usize line_write(const struct line_host *host, view_t bytes)
{
	usize done = 0;
	while (done < bytes.size) {
		view_t rest = view_from_offset(bytes, done);
		u32 room = host->room(host->self);
		room = room > ECHO_RESERVE ? room - ECHO_RESERVE : 0;
		if (!room)
			break;
		usize run = is_on(host, OPOST) ? plain_run(host->line, rest) : rest.size;
		run = run < room ? run : room;
		if (run) {
			emit(host, view_clamp(rest, 0, run));
			host->line->column += is_on(host, OPOST) ? (u32)run : 0;
			done += run;
			continue;
		}
		if (!put_cooked(host, view_at(rest, 0), room))
			break;
		done++;
	}
	return done;
}

void line_echo_raw(const struct line_host *host, u8 byte)
{
	u32 room = host->room(host->self);
	if (!room)
		return;
	if (is_on(host, OPOST) && byte != 0xff) {
		(void)put_cooked(host, byte, room);
		return;
	}
	host->line->column += byte == 0xff ? 1 : 0; // Linux passes this one by, in echoes only
	emit(host, view_of(byte));
}

void line_echo(const struct line_host *host, u8 byte)
{
	const struct termios *termios = &host->line->termios;
	if (!(termios->local & ECHOCTL) || !line_is_control(byte) || byte == '\t') {
		line_echo_raw(host, byte);
		return;
	}
	u8 shown[2] = { '^', byte ^ 0x40 };
	if (host->room(host->self) < sizeof shown)
		return;
	host->line->column += sizeof shown;
	emit(host, view_of(shown));
}

void line_erase_tab(const struct line_host *host, u32 characters, bool is_after_tab)
{
	struct line *line = host->line;
	// The tab began where the text before it ended: at the line's start, or behind another tab.
	u32 start = characters + (is_after_tab ? 0 : line->canon_column);
	for (u32 n = TAB - start % TAB; n; n--) {
		if (host->room(host->self))
			emit(host, VIEW_TEXT("\b"));
		if (line->column)
			line->column--;
	}
}
