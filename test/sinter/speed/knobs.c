// SPDX-License-Identifier: MIT
// knobs.c - the same text written, made durable, and read by a pool that was opened again, with one
// knob of the library turned. Where nothing is summed, __wrap_xxh3_128 in library.c answers
// instead.
#include <stdlib.h>
#include <string.h>

#include "test/sinter/speed/speed.h"

constexpr u32 TEXT = 8 << 20, WORDS = 512, WORD_MAX = 11;

static char text[TEXT];
static char dictionary[WORDS][WORD_MAX + 1];
static u8 got[CHUNK];

// Words of 2 to 11 letters, few of them common: LZ4 makes half of it.
static void make_text(void)
{
	for (u32 i = 0; i < WORDS; i++) {
		u32 size = 2 + (u32)speed_random(WORD_MAX - 1);
		for (u32 j = 0; j < size; j++)
			AT(AT(dictionary, i), j) = (char)('a' + speed_random(1 + speed_random(26)));
	}
	for (usize at = 0; at < TEXT;) {
		u64 which = speed_random(1 + speed_random(1 + speed_random(WORDS)));
		view_t word = view_cstring(AT(dictionary, which));
		span_t rest = span_from_offset(span_of(text), at);
		(void)span_copy(rest, view_clamp(word, 0, rest.size)); // fits
		at += word.size;
		if (at < TEXT)
			AT(text, at++) = ' ';
	}
}

static enum knob knob_of(const char *name)
{
	static const char *const names[] = { "none", "unsummed", "lz4", "zstd", "sealed" };
	for (u32 i = 0; i < COUNT(names); i++)
		if (!strcmp(name, AT(names, i)))
			return (enum knob)i;
	speed_fail("knobs: none, unsummed, lz4, zstd, sealed", name);
}

static view_t text_at(u64 offset)
{
	return view_clamp(view_of(text), offset % TEXT, CHUNK);
}

static void write_text(const struct target *target, u64 size)
{
	struct test test = speed_begin("write");
	for (u64 offset = 0; offset < size; offset += CHUNK)
		target->write(offset, text_at(offset));
	target->sync();
	speed_end(test, (double)(size >> 20));
}

static void read_text(const struct target *target, u64 size)
{
	struct test test = speed_begin("read");
	for (u64 offset = 0; offset < size; offset += CHUNK)
		target->read(offset, span_of(got));
	speed_end(test, (double)(size >> 20));
	if (memcmp(got, text_at(size - CHUNK).data, CHUNK) != 0)
		speed_fail("read", "not what was written");
}

void speed_knobs(const char *knob, const char *where, u64 mib)
{
	const struct target *target = &library_target;
	make_text();
	library_turn(knob_of(knob));
	target->begin(where);
	target->open("text");
	target->sync();
	struct test stored = speed_begin("stored");
	write_text(target, mib << 20);
	speed_end(stored, (double)library_units() / 256);
	target->close();
	library_reopen();
	target->open("text");
	read_text(target, mib << 20);
	target->close();
	target->end();
}
