// SPDX-License-Identifier: MIT
// words.h - the text of a file in /proc, while it is put together.
#pragma once

#include "lib/base/format.h"

NONNULL_BEGIN

struct words {
	span_t room; // what does not fit is cut off
	usize used;
	bool is_own; // told to the process that it is about
};

void words_add(struct words *words, const char *format, ...); // lib/base/format.h
void words_put(struct words *words, view_t bytes);
static inline bool words_are_full(const struct words *words)
{
	return words->used == words->room.size;
}
static inline view_t words_view(const struct words *words)
{
	return view_clamp(span_view(words->room), 0, words->used);
}

NONNULL_END
