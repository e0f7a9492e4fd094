// SPDX-License-Identifier: MIT
// tags.c - {u32 size of all, u32 0}, then tags {u32 type, u32 size, body}, each on an 8-byte
// boundary.
#include "boot/cd/tags.h"

#include "boot/multiboot2.h"
#include "boot/x86/console.h"
#include "lib/base/bits.h"

constexpr usize TAGS_SIZE = 8192;

static alignas(8) u8 tags[TAGS_SIZE];
static usize used = 8;
static usize current; // where the open tag starts

void tags_put(view_t bytes)
{
	if (span_copy(span_from_offset(span_of(tags), used), bytes) != OK)
		console_fail("too much to hand over, bytes", used);
	used += bytes.size;
}

void tags_begin(u32 type)
{
	used = (usize)align_up(used, 8);
	current = used;
	tags_put_u32(type);
	tags_put_u32(0);
}

static void write_u32(usize offset, u32 value)
{
	span_t place = span_from_offset(span_of(tags), offset);
	if (span_copy(place, view_of(value)) != OK)
		console_fail("no tag at", offset);
}

void tags_end(void)
{
	write_u32(current + 4, (u32)(used - current));
}

u32 tags_finish(void)
{
	tags_begin(MULTIBOOT2_END);
	tags_end();
	write_u32(0, (u32)used);
	return (u32)(uintptr_t)tags;
}
