// SPDX-License-Identifier: MIT
// line_erase.c - taking back what was typed in a line not yet finished: a character, a word, all of
// it; and how that looks on the screen.
#include "servers/tty/line/line.h"

enum erase { ERASE_CHARACTER, ERASE_WORD, ERASE_LINE };

static bool is_local(const struct line_host *host, u32 flag)
{
	return (host->line->termios.local & flag) != 0;
}

static u8 byte_at(const struct line_host *host, u32 index)
{
	return AT(host->store->byte, index % LINE_SIZE);
}

static bool is_word(u8 byte)
{
	return (byte >= '0' && byte <= '9') || byte == '_' || line_is_upper(byte) ||
	       line_is_lower(byte);
}

void line_finish_erasing(const struct line_host *host)
{
	if (!host->line->is_erasing)
		return;
	line_echo_raw(host, '/');
	host->line->is_erasing = false;
}

// A tab before `head` goes: the cursor goes back to where the text before it ended.
static void show_tab(const struct line_host *host)
{
	const struct line *line = host->line;
	u32 characters = 0;
	for (u32 i = line->head; i != line->canon_head; i--) {
		u8 byte = byte_at(host, i - 1);
		if (byte == '\t') {
			line_erase_tab(host, characters, true);
			return;
		}
		if (line_is_control(byte))
			characters += is_local(host, ECHOCTL) ? 2 : 0;
		else if (!line_is_continuation(line, byte))
			characters++;
	}
	line_erase_tab(host, characters, false);
}

static void wipe(const struct line_host *host)
{
	line_echo_raw(host, '\b');
	line_echo_raw(host, ' ');
	line_echo_raw(host, '\b');
}

// \ and the erased characters backwards: for paper.
static void show_printed(const struct line_host *host, u8 byte, u32 count)
{
	struct line *line = host->line;
	if (!line->is_erasing) {
		line_echo_raw(host, '\\');
		line->is_erasing = true;
	}
	line_echo(host, byte);
	for (u32 i = 1; i < count; i++) {
		line_echo_raw(host, byte_at(host, line->head + i));
		if (line->column)
			line->column--;
	}
}

// The character of `count` bytes that now stands behind head is gone.
static void show(const struct line_host *host, enum erase erase, u8 byte, u32 count)
{
	if (is_local(host, ECHOPRT)) {
		show_printed(host, byte, count);
	} else if (erase == ERASE_CHARACTER && !is_local(host, ECHOE)) {
		line_echo(host, termios_character(&host->line->termios, VERASE));
	} else if (byte == '\t') {
		show_tab(host);
	} else {
		if (line_is_control(byte) && is_local(host, ECHOCTL))
			wipe(host);
		if (!line_is_control(byte) || is_local(host, ECHOCTL))
			wipe(host);
	}
}

// The whole line, without going back over it on the screen. False: it has to be gone over.
static bool kill_at_once(const struct line_host *host)
{
	struct line *line = host->line;
	bool is_shown = is_local(host, ECHO);
	if (is_shown && is_local(host, ECHOK) && is_local(host, ECHOKE) && is_local(host, ECHOE))
		return false;
	line->head = line->canon_head;
	if (!is_shown)
		return true;
	line_finish_erasing(host);
	line_echo(host, termios_character(&line->termios, VKILL));
	if (is_local(host, ECHOK))
		line_echo_raw(host, '\n');
	return true;
}

// Where the last character begins. False: only a part of one is left.
static bool find_last(const struct line_host *host, u32 *out)
{
	const struct line *line = host->line;
	u32 at = line->head;
	u8 byte;
	do {
		byte = byte_at(host, --at);
	} while (line_is_continuation(line, byte) && (at - line->canon_head) % LINE_SIZE);
	*out = at;
	return !line_is_continuation(line, byte);
}

static void erase_some(const struct line_host *host, enum erase erase)
{
	struct line *line = host->line;
	bool was_word = false;
	u32 at;
	while (line->head != line->canon_head && find_last(host, &at)) {
		u8 byte = byte_at(host, at);
		if (erase == ERASE_WORD && !is_word(byte) && was_word)
			break;
		was_word |= is_word(byte);
		u32 count = line->head - at;
		line->head = at;
		if (is_local(host, ECHO))
			show(host, erase, byte, count);
		if (erase == ERASE_CHARACTER)
			break;
	}
	if (line->head == line->canon_head && is_local(host, ECHO))
		line_finish_erasing(host);
}

void line_erase(const struct line_host *host, u8 byte)
{
	const struct line *line = host->line;
	if (line->head == line->canon_head)
		return;
	if (byte == termios_character(&line->termios, VERASE))
		erase_some(host, ERASE_CHARACTER);
	else if (byte == termios_character(&line->termios, VWERASE))
		erase_some(host, ERASE_WORD);
	else if (!kill_at_once(host))
		erase_some(host, ERASE_LINE);
}
