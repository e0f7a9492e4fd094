// SPDX-License-Identifier: MIT
// test_bytes.h - for the unit tests: a piece of made-up physical memory, filled at byte offsets.
#pragma once

#include "boot/physical.h"

NONNULL_BEGIN

constexpr u64 TEST_MEMORY_BASE = 0x400;

struct test_memory {
	alignas(8) u8 bytes[0x8000];
};

static inline void test_put(struct test_memory *memory, u64 paddr, u64 value, usize size)
{
	for (usize i = 0; i < size; i++)
		AT(memory->bytes, (usize)(paddr - TEST_MEMORY_BASE) + i) = (u8)(value >> (8 * i));
}

static inline void test_put_text(struct test_memory *memory, u64 paddr, const char *text)
{
	view_t characters = view_cstring(text);
	for (usize i = 0; i < characters.size; i++)
		test_put(memory, paddr + i, view_at(characters, i), 1);
}

// Sets the byte at `at` so that the bytes add up to 0.
static inline void test_put_checksum(struct test_memory *memory, u64 paddr, usize size, u64 at)
{
	u8 sum = 0;
	test_put(memory, at, 0, 1);
	for (usize i = 0; i < size; i++)
		sum = (u8)(sum + AT(memory->bytes, (usize)(paddr - TEST_MEMORY_BASE) + i));
	test_put(memory, at, (u8)-sum, 1);
}

static inline physical_t test_physical(const struct test_memory *memory)
{
	return (physical_t){ TEST_MEMORY_BASE, view_of(memory->bytes) };
}

NONNULL_END
