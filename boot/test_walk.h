// SPDX-License-Identifier: MIT
// test_walk.h - for the unit tests: what the processor would find in page tables.
#pragma once

#include "boot/paging.h"

NONNULL_BEGIN

struct test_leaf {
	bool is_present;
	bool is_large;
	bool is_writable;
	bool is_executable;
	bool is_global;
	u64 paddr; // of the byte asked for
};

static inline struct test_leaf test_walk(const struct paging *paging, u64 vaddr)
{
	u64 entry = paging->paddr | 3;
	u32 level = 4;
	while (level && entry & 1 && !(level < 4 && entry & 1 << 7)) {
		level--;
		u64 table = (entry & 0x000ffffffffff000) - paging->paddr;
		u64 index = vaddr >> (12 + 9 * level) & 511;
		if (view_load(span_view(paging->memory), table + index * 8, span_of(entry)) != OK)
			__builtin_trap();
	}
	u64 inside = ((u64)1 << (12 + 9 * level)) - 1;
	return (struct test_leaf){ .is_present = entry & 1,
		.is_large = level,
		.is_writable = entry & 2,
		.is_executable = !(entry >> 63),
		.is_global = entry >> 8 & 1,
		.paddr = (entry & 0x000ffffffffff000 & ~inside) | (vaddr & inside) };
}

NONNULL_END
