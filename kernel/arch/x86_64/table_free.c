// SPDX-License-Identifier: MIT
// table_free.c - gives back empty page tables. Other CPUs' walkers may have an unlinked table in
// their caches, so tables are unlinked in batches, then every CPU that uses the space is told, and
// only then the frames go.
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "lib/base/bits.h"

struct batch {
	paddr_t frames[32];
	u32 count;
};

static void batch_flush(struct page_table *page_table, struct batch *batch)
{
	if (!batch->count)
		return;
	shootdown_root(page_table->root, 0, TABLE_EVERYTHING);
	for (u32 i = 0; i < batch->count; i++)
		frame_free(AT(batch->frames, i), 0);
	page_table->pages -= batch->count;
	batch->count = 0;
}

// The table of this level over the address. Null: none; *reach says how far there is none.
static u64 *_Nullable table_entry(
	struct page_table *page_table, u64 address, u32 table_level, u64 *reach)
{
	struct table *table = table_at(page_table->root.raw);
	for (u32 level = TABLE_LEVEL_TOP;; level--) {
		u64 *entry = &AT(table->entry, table_index(address, level));
		*reach = table_reach(level);
		if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE)
			return nullptr;
		if (level == table_level + 1)
			return entry;
		table = table_at(*entry);
	}
}

static void free_level(
	struct page_table *page_table, u64 address, u64 end, u32 level, struct batch *batch)
{
	while (address < end) {
		u64 reach;
		u64 *entry = table_entry(page_table, address, level, &reach);
		if (entry && table_is_empty(table_at(*entry))) {
			if (batch->count == COUNT(batch->frames))
				batch_flush(page_table, batch);
			AT(batch->frames, batch->count++).raw = *entry & ENTRY_ADDRESS;
			*entry = 0;
		}
		u64 next = align_down(address, reach) + reach;
		if (next <= address)
			break;
		address = next;
	}
}

void table_free_range(struct page_table *page_table, u64 address, u64 size)
{
	struct batch batch = {};
	for (u32 level = 0; level < TABLE_LEVEL_TOP; level++)
		free_level(page_table, address, address + size, level, &batch);
	batch_flush(page_table, &batch);
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

// The tables below this one; as deep as there are levels.
static bool drain_below(
	struct page_table *page_table, struct table *table, u32 level, u32 count, u32 *steps)
{
	for (u32 i = 0; i < count; i++) {
		if (i % 8 == 0 && group_is_empty(table, i)) {
			i += 7;
			continue;
		}
		u64 *entry = &AT(table->entry, i);
		if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE)
			continue;
		if (level > 1 &&
			!drain_below(page_table, table_at(*entry), level - 1, TABLE_ENTRIES, steps))
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
	return drain_below(
		page_table, table_at(page_table->root.raw), TABLE_LEVEL_TOP, TABLE_USER_LAST + 1, steps);
}
