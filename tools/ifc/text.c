// SPDX-License-Identifier: MIT
// text.c - arena, character access and names. All pointer arithmetic of the compiler is here.
#include "tools/ifc/text.h"

#include "lib/base/unsafe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next; // owned
	max_align_t data[];
};

void *arena_take(struct arena *arena, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);
	if (block == nullptr) {
		fputs("ifc: out of memory\n", stderr);
		exit(1);
	}
	block->next = arena->blocks;
	arena->blocks = block;
	return block->data;
}

void arena_fini(struct arena *arena)
{
	while (arena->blocks != nullptr) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
}

UNSAFE_BEGIN("callers keep index inside a text that ends with NUL")
char text_at(const char *text, size_t index)
{
	return text[index];
}

const char *text_tail(const char *text, size_t from)
{
	return text + from;
}

char *text_copy(struct arena *arena, const char *text, size_t from, size_t to)
{
	char *copy = arena_take(arena, to - from + 1);
	memcpy(copy, text + from, to - from);
	return copy;
}

static void make_upper(char *text)
{
	for (; *text != '\0'; text++)
		*text = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
}
UNSAFE_END

char *text_format(struct arena *arena, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	char *made = nullptr;
	int size = vasprintf(&made, format, list);
	va_end(list);
	if (size < 0) {
		fputs("ifc: out of memory\n", stderr);
		exit(1);
	}
	char *copy = text_copy(arena, made, 0, (size_t)size);
	free(made);
	return copy;
}

struct name name_make(struct arena *arena, const char *text)
{
	char *upper = text_copy(arena, text, 0, strlen(text));
	make_upper(upper);
	return (struct name){ .text = text, .upper = upper };
}

void text_append(struct arena *arena, struct text_list **list, struct name name)
{
	while (*list != nullptr)
		list = &(*list)->next;
	*list = arena_take(arena, sizeof(**list));
	(*list)->name = name;
}

bool text_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool text_ends(const char *text, const char *end)
{
	size_t text_size = strlen(text), end_size = strlen(end);
	if (end_size > text_size)
		return false;
	for (size_t i = 0; i < end_size; i++)
		if (text_at(text, text_size - end_size + i) != text_at(end, i))
			return false;
	return true;
}

bool text_in(const char *list, const char *word)
{
	struct arena arena = { nullptr };
	bool found = strstr(list, text_format(&arena, " %s ", word)) != nullptr;
	arena_fini(&arena);
	return found;
}
