// SPDX-License-Identifier: MIT
// tables_local.h - the form of page-table entries, for tables.c, table_free.c and device.c.
#pragma once

#include "kernel/arch/x86_64/machine.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u64 ENTRY_PRESENT = 1 << 0, ENTRY_WRITE = 1 << 1, ENTRY_USER = 1 << 2;
constexpr u64 ENTRY_CACHE_LOW = 1 << 3; // alone: write-combining (see PAT_VALUE)
constexpr u64 ENTRY_CACHE_OFF = 1 << 4; // with the one above: uncached
constexpr u64 ENTRY_ACCESSED = 1 << 5, ENTRY_DIRTY = 1 << 6, ENTRY_LARGE = 1 << 7;
constexpr u64 ENTRY_GLOBAL = 1 << 8, ENTRY_NO_EXECUTE = 1ull << 63;
constexpr u64 ENTRY_ADDRESS = 0x000f'ffff'ffff'f000;
constexpr u64 ENTRY_TABLE = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED;

// Of an entry that leads to a table: bit n says that the table's n-th part was ever used.
constexpr u32 ENTRY_PARTS_SHIFT = 52; // the hardware ignores bits 52 to 59
constexpr u32 PART_ENTRIES = 64;
static inline u64 parts_of(u64 above)
{
	return above >> ENTRY_PARTS_SHIFT & 0xff;
}

constexpr u32 TABLE_ENTRIES = 512;
constexpr u32 TABLE_LEVEL_TOP = 3; // level 0 holds 4 KiB pages, level 1 2 MiB pages
constexpr u32 TABLE_USER_LAST = 256;
constexpr u64 TABLE_EVERYTHING = UINT64_MAX;

struct table {
	u64 entry[TABLE_ENTRIES];
};

static inline u32 table_index(u64 address, u32 level)
{
	return (u32)(address >> (12 + 9 * level)) & (TABLE_ENTRIES - 1);
}

// How much one entry of this level covers.
static inline u64 table_reach(u32 level)
{
	return 1ull << (12 + 9 * level);
}

struct table *table_at(u64 entry);
bool table_is_empty(u64 above); // the table that an entry leads to
// An entry that leads to the table whose entry decides over the address: of level 0, or above where
// none is below.
u64 table_find(const struct page_table *page_table, u64 address, u32 *level);
// Where what such an entry decides over ends, of that 2 MiB at least; at most the end.
static inline u64 table_next(u64 address, u32 level, u64 end)
{
	u64 reach = level ? table_reach(level) : table_reach(1);
	u64 next = (address & ~(reach - 1)) + reach; // 0: the end of all addresses
	return next > address && next < end ? next : end;
}
void table_free_zeroed(struct page_table *page_table, paddr_t frame); // nothing leads to it
u64 entry_of_access(u32 access);

NONNULL_END
