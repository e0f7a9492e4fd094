// SPDX-License-Identifier: MIT
// script.c - see script.h. A line that is cut (256 bytes without an end) counts if at least the
// interpreter's path is whole: a blank follows it. A zero byte ends the line too.
#include "lib/posix/exec/script.h"

static bool is_blank(u8 byte)
{
	return byte == ' ' || byte == '\t';
}

static usize line_end(view_t line)
{
	usize i = 0;
	while (i < line.size && view_at(line, i) != '\n' && view_at(line, i) != 0)
		i++;
	return i;
}

static view_t without_blanks(view_t text)
{
	while (text.size && is_blank(view_at(text, 0)))
		text = view_from_offset(text, 1);
	while (text.size && is_blank(view_at(text, text.size - 1)))
		text = view_clamp(text, 0, text.size - 1);
	return text;
}

bool script_is(view_t start)
{
	return view_starts_with(start, VIEW_TEXT("#!"));
}

bool script_parse(view_t start, struct script *out)
{
	view_t line = view_from_offset(view_clamp(start, 0, SCRIPT_LINE_SIZE), 2);
	if (!script_is(start))
		return false;
	usize end = line_end(line);
	bool is_cut = end == line.size && start.size >= SCRIPT_LINE_SIZE;
	view_t leading = view_clamp(line, 0, end);
	while (leading.size && is_blank(view_at(leading, 0)))
		leading = view_from_offset(leading, 1);
	usize size = 0;
	while (size < leading.size && !is_blank(view_at(leading, size)))
		size++;
	if (!size || (is_cut && size == leading.size))
		return false;
	out->interpreter = view_clamp(leading, 0, size);
	out->argument = without_blanks(view_from_offset(leading, size));
	return true;
}
