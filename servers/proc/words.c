// SPDX-License-Identifier: MIT
// words.c - see words.h.
#include "servers/proc/words.h"

void words_add(struct words *words, const char *format, ...)
{
	va_list arguments;
	span_t rest = span_from_offset(words->room, words->used);
	va_start(arguments, format);
	usize size = format_list(rest, format, arguments);
	va_end(arguments);
	words->used += size < rest.size ? size : rest.size;
}

void words_put(struct words *words, view_t bytes)
{
	span_t rest = span_from_offset(words->room, words->used);
	view_t part = view_clamp(bytes, 0, rest.size);
	if (span_copy(rest, part) == OK)
		words->used += part.size;
}
