// SPDX-License-Identifier: MIT
// table_free.c - gives back empty page tables. Other CPUs' walkers may have an unlinked table in
// their caches, so tables are unlinked in batches, then every CPU that uses the space is told, and
// only then the frames go.
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "lib/base/bits.h"

constexpr u64 ADDRESSES_END = 1ull << 48;

struct sweep {
	struct page_table *page_table;
	u64 start, end;  // the low 48 bits of addresses
	u32 left;        // tables of pages to look at; then end becomes where that was
	bool is_for_all; // those between start and end go, whatever is in them
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

// How many entries from this one on lead to no table; 0: it does.
ALWAYS_INLINE u64 leading_nowhere(u64 above, const struct table *table, u32 i)
{
	if (i % PART_ENTRIES == 0 && !bits_test(above, ENTRY_PARTS_SHIFT + i / PART_ENTRIES))
		return PART_ENTRIES;
	u64 all = 0;
	for (u32 k = 0; i % 8 == 0 && k < 8; k++)
		all |= AT(AT(table->group, i / 8), k);
	if (i % 8 == 0 && !all)
		return 8;
	u64 entry = AT(table->entry, i);
	return !(entry & ENTRY_PRESENT) || entry & ENTRY_LARGE;
}

// The tables below the one that an entry leads to, of a level, which begins at an address; as deep
// as there are levels.
static void sweep_below(struct sweep *sweep, u64 above, u32 level, u64 begin)
{
	struct table *table = table_at(above);
	u64 reach = table_reach(level);
	u64 first = sweep->start > begin ? (sweep->start - begin) / reach : 0;
	u32 count = level == TABLE_LEVEL_TOP ? TABLE_USER_LAST + 1 : TABLE_ENTRIES;
	for (u64 i = first; i < count && begin + i * reach < sweep->end; i++) {
		u64 *entry = &AT(table->entry, i);
		u64 skipped = leading_nowhere(above, table, (u32)i);
		if (skipped) {
			i += skipped - 1;
			continue;
		}
		if (level > 1)
			sweep_below(sweep, *entry, level - 1, begin + i * reach);
		else if (sweep->left)
			sweep->left--;
		else
			sweep->end = begin + i * reach;
		u64 at = begin + i * reach;
		bool is_inside = sweep->start <= at && at + reach <= sweep->end;
		if (!(sweep->is_for_all && is_inside) && !table_is_empty(table_at(*entry)))
			continue;
		if (sweep->count == COUNT(sweep->frames))
			sweep_flush(sweep);
		AT(sweep->frames, sweep->count++).raw = *entry & ENTRY_ADDRESS;
		*entry = 0;
	}
}

static void sweep_all(struct sweep *sweep)
{
	constexpr u64 ALL_PARTS = 0xffull << ENTRY_PARTS_SHIFT; // of the top table nothing leads to
	sweep_below(sweep, sweep->page_table->root.raw | ALL_PARTS, TABLE_LEVEL_TOP, 0);
	sweep_flush(sweep);
}

void table_free_range(struct page_table *page_table, u64 address, u64 size)
{
	u64 start = address & 0xffff'ffff'ffff;
	struct sweep sweep = { page_table, start, start + size, .left = ~0u, .is_for_all = true };
	sweep_all(&sweep);
}

u64 table_sweep(struct page_table *page_table, u64 from)
{
	struct sweep sweep = {
		.page_table = page_table, .start = from, .end = ADDRESSES_END, .left = 32
	};
	sweep_all(&sweep);
	return sweep.end < ADDRESSES_END ? sweep.end : 0;
}

void table_leave_everywhere(struct page_table *page_table)
{
	shootdown_root(page_table->root, 0, 0);
}

bool table_drain(struct page_table *page_table, u32 *steps)
{
	struct sweep sweep = {
		.page_table = page_table, .end = ADDRESSES_END, .left = *steps, .is_for_all = true
	};
	if (page_table->pages)
		sweep_all(&sweep);
	*steps = sweep.left;
	return !page_table->pages;
}
