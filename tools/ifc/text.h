// SPDX-License-Identifier: MIT
// text.h - memory and characters of the compiler: an arena that lives as long as one compilation,
// and names that know their upper-case form.
#pragma once

#include "abi/types.h"

struct arena {
	struct arena_block *blocks; // owned
};

struct name {
	const char *text;
	const char *upper;
};

struct text_list { // lines of a comment, or names
	struct name name;
	struct text_list *next;
};

void *arena_take(struct arena *arena, size_t size); // zeroed; exits the program when out of memory
void arena_fini(struct arena *arena);

char text_at(const char *text, size_t index); // the one raw character access of the compiler
const char *text_tail(const char *text, size_t from);
char *text_copy(struct arena *arena, const char *text, size_t from, size_t to);
[[gnu::format(printf, 2, 3)]]
char *text_format(struct arena *arena, const char *format, ...);
struct name name_make(struct arena *arena, const char *text);
void text_append(struct arena *arena, struct text_list **list, struct name name);
bool text_same(const char *a, const char *b);
bool text_ends(const char *text, const char *end);
bool text_in(const char *list, const char *word); // list: " one two three "
