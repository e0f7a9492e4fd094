// SPDX-License-Identifier: MIT
// line_read.c - taking bytes out of the input buffer, and changing what the buffer means.
#include "servers/tty/line/line.h"

static bool is_canonical(const struct line *line)
{
	return (line->termios.local & (ICANON | EXTPROC)) == ICANON;
}

static usize copy(const struct line *line, const struct line_store *store, span_t out, usize count)
{
	for (usize i = 0; i < count; i++)
		*span_at(out, i) = AT(store->byte, (line->tail + i) % LINE_SIZE);
	return count;
}

// The byte at index ends a line and is not itself a part of it.
static bool is_end_of_file(const struct line_store *store, u32 index)
{
	return AT(store->mark, index % LINE_SIZE) &&
	       AT(store->byte, index % LINE_SIZE) == DISABLED_CHARACTER;
}

static usize read_line(struct line *line, const struct line_store *store, span_t out)
{
	usize limit = line->canon_head - line->tail, count = 0;
	bool is_ended = false;
	limit = limit < out.size ? limit : out.size;
	while (count < limit && !is_ended)
		is_ended = AT(store->mark, (line->tail + count++) % LINE_SIZE);
	bool is_cut = is_ended && is_end_of_file(store, line->tail + (u32)count - 1);
	(void)copy(line, store, out, is_cut ? count - 1 : count);
	line->tail += (u32)count;
	// Who took exactly what was there before an end of file does not get that as well.
	if (!is_ended && count && line->tail != line->canon_head && is_end_of_file(store, line->tail))
		line->tail++;
	return is_cut ? count - 1 : count;
}

usize line_read(struct line *line, const struct line_store *store, span_t out)
{
	if (is_canonical(line))
		return read_line(line, store, out);
	usize count = line->head - line->tail;
	count = copy(line, store, out, count < out.size ? count : out.size);
	line->tail += (u32)count;
	return count;
}

bool line_is_readable(const struct line *line, u32 wanted)
{
	if (is_canonical(line))
		return line->canon_head != line->tail;
	return line->head - line->tail >= wanted;
}

u32 line_waiting(const struct line *line, const struct line_store *store)
{
	if (!is_canonical(line))
		return line->head - line->tail;
	u32 count = line->canon_head - line->tail;
	for (u32 i = line->tail; i != line->canon_head; i++)
		count -= is_end_of_file(store, i) ? 1 : 0;
	return count;
}

static void change_mode(const struct line_host *host)
{
	struct line *line = host->line;
	for (u32 i = line->tail; i != line->head; i++)
		AT(host->store->mark, i % LINE_SIZE) = 0;
	if (line->termios.local & ICANON && line->head != line->tail) {
		AT(host->store->mark, (line->head - 1) % LINE_SIZE) = 1; // what is there is a line
		line->canon_head = line->head;
	} else {
		line->canon_head = line->tail;
	}
	line->is_erasing = false;
	line->is_next_literal = false;
}

void line_set(const struct line_host *host, const struct termios *termios)
{
	struct line *line = host->line;
	u32 changed = line->termios.local ^ termios->local;
	bool loses_flow = line->termios.input & IXON && !(termios->input & IXON);
	line->termios = *termios;
	if (changed & (ICANON | EXTPROC))
		change_mode(host);
	if (loses_flow && !line->is_stopped_by_control)
		line->is_stopped = false;
}

void line_drop_input(struct line *line)
{
	line->tail = line->canon_head = line->head;
	line->is_erasing = false;
	line->is_next_literal = false;
}

void line_start(struct line *line)
{
	line->is_stopped = line->is_stopped_by_control = false;
}
