// SPDX-License-Identifier: MIT
// table_free.c - gives back empty page tables, which stand in page_table.tables. Other CPUs'
// walkers may have an unlinked table in their caches, so tables are unlinked in batches, then every
// CPU that uses the space is told, and only then the frames go.
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"

constexpr u32 SWEEP_TABLES = 32; // looked at in one part

struct batch {
	struct page_table *page_table;
	u32 count;
	paddr_t frames[SWEEP_TABLES]; // unlinked
};

bool table_is_empty(u64 above)
{
	u64 all = 0;
	for (u64 parts = parts_of(above); parts; parts &= parts - 1)
		for (u32 i = 0, first = bits_lowest(parts) * PART_ENTRIES; i < PART_ENTRIES; i++)
			all |= AT(table_at(above)->entry, first + i);
	return all == 0;
}

void table_free_zeroed(struct page_table *page_table, paddr_t frame)
{
	struct list_node *node = &frame_of(frame)->node;
	page_table->pages--;
	if (page_table->swept == node)
		page_table->swept = nullptr;
	list_remove(node);
	frame_free_zeroed(frame);
}

static void batch_flush(struct batch *batch)
{
	if (batch->count)
		shootdown_root(batch->page_table->root, 0, TABLE_EVERYTHING);
	while (batch->count)
		table_free_zeroed(batch->page_table, AT(batch->frames, --batch->count));
}

// An empty table.
static void batch_add(struct batch *batch, struct frame *frame)
{
	if (batch->count == COUNT(batch->frames))
		batch_flush(batch);
	AT(batch->frames, batch->count++).raw = *frame->above & ENTRY_ADDRESS;
	*frame->above = 0;
}

void table_free_range(struct page_table *page_table, u64 address, u64 size)
{
	struct batch batch = { .page_table = page_table };
	u64 end = address + size;
	for (u64 at = align_up(address, LARGE_PAGE_SIZE); at < end && end - at >= LARGE_PAGE_SIZE;) {
		u32 level;
		u64 above = table_find(page_table, at, &level);
		if (!level)
			batch_add(&batch, frame_of((paddr_t){ above & ENTRY_ADDRESS }));
		at = table_next(at, level, end);
	}
	batch_flush(&batch);
}

bool table_sweep(struct page_table *page_table)
{
	struct batch batch = { .page_table = page_table };
	struct list_node *head = &page_table->tables.head, *node = page_table->swept;
	node = node ? node : head->prev; // from the last on: those below come before those above
	for (u32 i = 0; i < SWEEP_TABLES && node != head; i++, node = node->prev) {
		struct frame *frame = container_of(node, struct frame, node);
		if (table_is_empty(*frame->above))
			batch_add(&batch, frame);
	}
	page_table->swept = node == head ? nullptr : node;
	batch_flush(&batch);
	return !page_table->swept;
}

void table_leave_everywhere(struct page_table *page_table)
{
	shootdown_root(page_table->root, 0, 0);
}

// Those below before those above, so that a table that goes leads nowhere.
bool table_drain(struct page_table *page_table, u32 *steps)
{
	struct list_node *node;
	for (; *steps && (node = list_last(&page_table->tables)); (*steps)--) {
		struct frame *frame = container_of(node, struct frame, node);
		u64 above = *frame->above;
		*frame->above = 0;
		for (u64 parts = parts_of(above); parts; parts &= parts - 1)
			memory_fill(&AT(table_at(above)->entry, bits_lowest(parts) * PART_ENTRIES), 0,
				PART_ENTRIES * sizeof(u64));
		table_free_zeroed(page_table, (paddr_t){ above & ENTRY_ADDRESS });
	}
	return !page_table->pages;
}
