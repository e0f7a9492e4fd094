// SPDX-License-Identifier: MIT
// line_linux_test.c - the line discipline against what Linux did in the same sessions
// (golden/record): each echoed byte, each read, each count.
#include <stdio.h>

#include "lib/base/test.h"
#include "lib/base/text.h"
#include "servers/tty/line/line.h"

static u8 golden[1 << 18];

static struct line line;
static struct line_store store;
static u8 screen[65536];
static usize screen_size;
static u32 line_number, failures;
static u8 typed[8192]; // not yet taken, for want of room
static usize typed_from, typed_to;

static u32 room(void *self)
{
	(void)self;
	return (u32)(sizeof screen - screen_size);
}

static void put(void *self, view_t bytes)
{
	(void)self;
	(void)!span_copy(span_from_offset(span_of(screen), screen_size), bytes);
	screen_size += bytes.size;
}

static void raise(void *self, u32 signal)
{
	(void)self;
	(void)signal;
}

static void flush(void *self)
{
	(void)self;
	screen_size = 0;
}

static const struct line_host host = { .line = &line,
	.store = &store,
	.self = &line,
	.room = room,
	.put = put,
	.signal = raise,
	.flush = flush };

static void fail(const char *what)
{
	failures++;
	if (failures < 20)
		test_check(false, what, "cases.txt", line_number);
}

static u32 hex_digit(u8 c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10u;
}

static u64 number(view_t *rest, u32 base)
{
	view_t word;
	u64 value = 0;
	bool is_negative = false;
	(void)text_take_word(rest, &word);
	for (usize i = 0; i < word.size; i++) {
		if (view_at(word, i) == '-')
			is_negative = true;
		else
			value = value * base + hex_digit(view_at(word, i));
	}
	return is_negative ? (u64)-1 : value;
}

static view_t bytes(view_t *rest, span_t room)
{
	view_t word;
	(void)text_take_word(rest, &word);
	if (view_equal(word, VIEW_TEXT("-")))
		return (view_t){};
	for (usize i = 0; i + 1 < word.size; i += 2)
		*span_at(room, i / 2) =
			(u8)(hex_digit(view_at(word, i)) << 4 | hex_digit(view_at(word, i + 1)));
	return view_clamp(span_view(room), 0, word.size / 2);
}

static void settings(view_t *rest, struct termios *out)
{
	out->input = (u32)number(rest, 16);
	out->output = (u32)number(rest, 16);
	out->local = (u32)number(rest, 16);
}

static void begin(view_t rest)
{
	struct termios wanted;
	termios_usual(&wanted);
	line = (struct line){};
	typed_from = typed_to = 0;
	line.termios = wanted;
	settings(&rest, &wanted);
	(void)bytes(&rest, span_of(wanted.character));
	line_set(&host, &wanted);
	screen_size = 0;
}

static void change(view_t rest)
{
	struct termios wanted = line.termios;
	settings(&rest, &wanted);
	line_set(&host, &wanted);
}

static void take(void)
{
	while (typed_from < typed_to && line_has_room(&line))
		line_receive(&host, AT(typed, typed_from++), LINE_GOOD);
}

static void type(view_t rest)
{
	if (typed_from == typed_to)
		typed_from = typed_to = 0;
	typed_to += bytes(&rest, span_from_offset(span_of(typed), typed_to)).size;
	take();
}

static void write(view_t rest)
{
	static u8 memory[8192];
	view_t written = bytes(&rest, span_of(memory));
	if (line_write(&host, written) != number(&rest, 10))
		fail("written");
}

static void look(view_t rest)
{
	static u8 memory[8192];
	if (!view_equal(bytes(&rest, span_of(memory)), view_clamp(view_of(screen), 0, screen_size))) {
		fail("screen");
		for (usize i = 0; failures < 20 && i < screen_size; i++)
			printf("%02x", screen[i]);
		printf("\n");
	}
	screen_size = 0;
}

static void read(view_t rest)
{
	static u8 memory[8192], seen[8192];
	u64 size = number(&rest, 10);
	i64 wanted = (i64)number(&rest, 10);
	view_t text = bytes(&rest, span_of(memory));
	bool is_canonical = (line.termios.local & ICANON) != 0;
	if (!line_is_readable(&line, 1)) {
		if (wanted != (is_canonical ? -1 : 0))
			fail("read: nothing");
		return;
	}
	usize count = line_read(&line, &store, span_clamp(span_of(seen), 0, size));
	if ((i64)count != wanted || !view_equal(text, view_clamp(view_of(seen), 0, count)))
		fail("read");
	take();
}

static void step(view_t rest)
{
	view_t word;
	if (!text_take_word(&rest, &word))
		return;
	u8 what = view_at(word, 0);
	if (what != 'o' && screen_size) {
		fail("screen: nothing");
		screen_size = 0;
	}
	switch (what) {
	case 'C': begin(rest); break;
	case 't': change(rest); break;
	case 'i': type(rest); break;
	case 'w': write(rest); break;
	case 'o': look(rest); break;
	case 'r': read(rest); break;
	case 'n':
		if (line_waiting(&line, &store) != number(&rest, 10))
			fail("waiting");
		break;
	default: fail("step");
	}
}

TEST(line_as_linux)
{
	FILE *file = fopen("servers/tty/line/golden/cases.txt", "r"); // from the top of the tree
	REQUIRE(file != nullptr);
	view_t rest = view_clamp(view_of(golden), 0, fread(golden, 1, sizeof golden, file));
	(void)fclose(file);
	while (rest.size) {
		usize end = view_find(rest, '\n');
		line_number++;
		step(view_clamp(rest, 0, end));
		rest = view_from_offset(rest, end + 1);
	}
	CHECK(line_number > 1000);
	CHECK_EQ(failures, 0);
}
