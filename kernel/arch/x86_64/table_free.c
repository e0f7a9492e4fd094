// SPDX-License-Identifier: MIT
// table_free.c - gives back empty page tables. Other CPUs' walkers may have an unlinked table in
// their caches, so tables are unlinked in batches, then every CPU that uses the space is told, and
// only then the frames go.
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "lib/base/bits.h"

struct sweep {
	struct page_table *page_table;
	u64 start, end; // the low 48 bits of addresses
	u32 count;
	paddr_t frames[32]; // unlinked
};

static void sweep_flush(struct sweep *sweep)
{
	if (!sweep->count)
		return;
	shootdown_root(sweep->page_table->root, 0, TABLE_EVERYTHING);
	for (u32 i = 0; i < sweep->count; i++)
		frame_free(AT(sweep->frames, i), 0);
	sweep->page_table->pages -= sweep->count;
	sweep->count = 0;
}

// The tables below this one of a level, which begins at an address; as deep as there are levels.
static void sweep_below(struct sweep *sweep, struct table *table, u32 level, u64 begin)
{
	u64 reach = table_reach(level);
	u64 first = sweep->start > begin ? (sweep->start - begin) / reach : 0;
	u32 count = level == TABLE_LEVEL_TOP ? TABLE_USER_LAST + 1 : TABLE_ENTRIES;
	for (u64 i = first; i < count && begin + i * reach < sweep->end; i++) {
		u64 *entry = &AT(table->entry, i);
		if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE)
			continue;
		if (level > 1)
			sweep_below(sweep, table_at(*entry), level - 1, begin + i * reach);
		if (!table_is_empty(table_at(*entry)))
			continue;
		if (sweep->count == COUNT(sweep->frames))
			sweep_flush(sweep);
		AT(sweep->frames, sweep->count++).raw = *entry & ENTRY_ADDRESS;
		*entry = 0;
	}
}

void table_free_range(struct page_table *page_table, u64 address, u64 size)
{
	u64 start = address & 0xffff'ffff'ffff;
	struct sweep sweep = { .page_table = page_table, .start = start, .end = start + size };
	sweep_below(&sweep, table_at(page_table->root.raw), TABLE_LEVEL_TOP, 0);
	sweep_flush(&sweep);
}

void table_leave_everywhere(struct page_table *page_table)
{
	shootdown_root(page_table->root, 0, 0);
}

static bool group_is_empty(const struct table *table, u32 first)
{
	const u64(*group)[8] = &AT(table->group, first / 8);
	u64 all = 0;
	for (u32 i = 0; i < COUNT(*group); i++)
		all |= AT(*group, i);
	return !all;
}

// The tables below the one that an entry leads to, of a level; as deep as there are levels.
static bool drain_below(struct page_table *page_table, u64 above, u32 level, u32 count, u32 *steps)
{
	struct table *table = table_at(above);
	for (u32 i = 0; i < count; i++) {
		if (i % PART_ENTRIES == 0 && !bits_test(above, ENTRY_PARTS_SHIFT + i / PART_ENTRIES)) {
			i += PART_ENTRIES - 1;
			continue;
		}
		if (i % 8 == 0 && group_is_empty(table, i)) {
			i += 7;
			continue;
		}
		u64 *entry = &AT(table->entry, i);
		if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE)
			continue;
		if (level > 1 && !drain_below(page_table, *entry, level - 1, TABLE_ENTRIES, steps))
			return false;
		if (!*steps)
			return false;
		--*steps;
		frame_free((paddr_t){ *entry & ENTRY_ADDRESS }, 0);
		*entry = 0;
		page_table->pages--;
	}
	return true;
}

bool table_drain(struct page_table *page_table, u32 *steps)
{
	constexpr u64 ALL_PARTS = 0xffull << ENTRY_PARTS_SHIFT; // of the top table nothing leads to
	u64 above = page_table->root.raw | ALL_PARTS;
	return drain_below(page_table, above, TABLE_LEVEL_TOP, TABLE_USER_LAST + 1, steps);
}
