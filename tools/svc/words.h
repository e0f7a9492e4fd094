// SPDX-License-Identifier: MIT
// words.h - one line of a manifest as words; a comma is a word of its own. What is wrong is said
// with the line's place.
#pragma once

#include "tools/svc/manifest.h"

struct words {
	struct sources *sources;
	const char *file;
	u32 line;
	view_t rest;
	bool is_bad; // something was said already
};

[[gnu::format(printf, 2, 3)]]
void words_complain(struct words *words, const char *format, ...);

bool words_next(struct words *words, view_t *out);      // false: none left on the line
bool words_skip(struct words *words, const char *word); // takes it if it comes next
bool words_comma(struct words *words); // true: another item follows; else the line must end
bool words_name(struct words *words, char (*out)[MANIFEST_NAME]);
bool words_number(struct words *words, const char *what, u64 *out);
bool words_size(struct words *words, u64 *out);                     // N KiB, N MiB
bool words_duration(struct words *words, u64 *out);                 // N ms, N s; in nanoseconds
bool words_text(struct words *words, const char *what, span_t out); // with a final zero
