// SPDX-License-Identifier: MIT
// words.c - see words.h.
#include "tools/svc/words.h"

#include "lib/base/checked.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

#include <stdarg.h>
#include <stdio.h>

void words_complain(struct words *words, const char *format, ...)
{
	char message[200];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	if (!words->is_bad)
		complain(words->sources, words->file, words->line, "%s", message);
	words->is_bad = true;
}

static bool is_space(u8 byte)
{
	return byte == ' ' || byte == '\t';
}

bool words_next(struct words *words, view_t *out)
{
	view_t *rest = &words->rest;
	while (rest->size && is_space(view_at(*rest, 0)))
		*rest = view_from_offset(*rest, 1);
	usize size = 0;
	while (size < rest->size && !is_space(view_at(*rest, size)) && view_at(*rest, size) != ',')
		size++;
	if (!size && rest->size)
		size = 1; // a comma
	*out = view_clamp(*rest, 0, size);
	*rest = view_from_offset(*rest, size);
	return size != 0;
}

bool words_skip(struct words *words, const char *word)
{
	struct words ahead = *words;
	view_t next;
	if (!words_next(&ahead, &next) || !view_equal(next, view_cstring(word)))
		return false;
	*words = ahead;
	return true;
}

bool words_comma(struct words *words)
{
	view_t word;
	if (words->is_bad || !words_next(words, &word))
		return false;
	if (view_equal(word, VIEW_TEXT(",")))
		return true;
	words_complain(words, "`%.*s` is not expected here", (int)word.size, (const char *)word.data);
	return false;
}

static bool is_name(view_t word)
{
	for (usize i = 0; i < word.size; i++) {
		u8 byte = view_at(word, i);
		bool is_letter = (byte >= 'a' && byte <= 'z') || byte == '_';
		if (!is_letter && !(i && byte >= '0' && byte <= '9'))
			return false;
	}
	return word.size && word.size < MANIFEST_NAME;
}

bool words_name(struct words *words, char (*out)[MANIFEST_NAME])
{
	view_t word = {};
	if (!words_next(words, &word))
		words_complain(words, "a name is missing");
	else if (!is_name(word))
		words_complain(words, "`%.*s` is no name: a-z 0-9 _, at most %u letters", (int)word.size,
			(const char *)word.data, MANIFEST_NAME - 1);
	if (words->is_bad)
		return false;
	span_fill(span_of(*out), 0);
	return span_copy(span_of(*out), word) == OK;
}

bool words_number(struct words *words, const char *what, u64 *out)
{
	view_t word = {};
	if (!words_next(words, &word))
		words_complain(words, "%s is missing", what);
	else if (text_u64(word, out) != OK)
		words_complain(
			words, "%s: `%.*s` is no number", what, (int)word.size, (const char *)word.data);
	return !words->is_bad;
}

static bool scale(struct words *words, u64 factor, u64 *out)
{
	if (ckd_mul(out, *out, factor))
		words_complain(words, "the number is too large");
	return !words->is_bad;
}

bool words_size(struct words *words, u64 *out)
{
	if (!words_number(words, "the size", out))
		return false;
	if (words_skip(words, "KiB"))
		return scale(words, 1024, out);
	if (words_skip(words, "MiB"))
		return scale(words, 1024 * 1024, out);
	words_complain(words, "a size is in KiB or MiB");
	return false;
}

bool words_duration(struct words *words, u64 *out)
{
	if (!words_number(words, "the time", out))
		return false;
	if (words_skip(words, "ms"))
		return scale(words, NS_PER_MS, out);
	if (words_skip(words, "s"))
		return scale(words, NS_PER_SECOND, out);
	words_complain(words, "a time is in ms or s");
	return false;
}

bool words_text(struct words *words, const char *what, span_t out)
{
	view_t word = {};
	if (!words_next(words, &word))
		words_complain(words, "%s is missing", what);
	else if (word.size >= out.size)
		words_complain(words, "%s is longer than %zu characters", what, out.size - 1);
	return !words->is_bad && span_copy(out, word) == OK;
}
