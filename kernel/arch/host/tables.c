// SPDX-License-Identifier: MIT
// tables.c - page tables in software: four levels of 512 entries in frames, as the CPUs we run on
// have them, so that accounting is the same. An entry: frame, or table below, and what may be done.
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/radix.h"
#include "kernel/memory/space.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u64 ENTRY_PRESENT = 1 << 11;
constexpr u64 ENTRY_LARGE = TLB_LARGE;
constexpr u64 ENTRY_ACCESS = 0x1f; // enum page_access
constexpr u32 ENTRIES = 512;
constexpr u32 LEVEL_TOP = 3;
constexpr u32 PART_ENTRIES = 512; // a large page, or few, so that tests come to the end of parts

struct table {
	u64 entry[ENTRIES]; // atomic: other CPUs walk
};

static struct table *table_at(u64 entry)
{
	return frame_address((paddr_t){ entry & ~PAGE_MASK });
}

static u64 *slot_of(struct table *table, u64 address, u32 level)
{
	return &AT(table->entry, address >> (12 + 9 * level) & (ENTRIES - 1));
}

static u64 reach_of(u32 level)
{
	return 1ull << (12 + 9 * level);
}

err_t table_init(struct page_table *table)
{
	*table = (struct page_table){};
	return frame_alloc_zeroed(FRAME_TABLE, &table->root);
}

void table_fini(struct page_table *table)
{
	assert(table->pages == 0);
	shootdown_root(table->root, 0, 0); // an idle CPU may still have them loaded
	frame_free(table->root, 0);
	table->root.raw = 0;
}

// The entry that decides over the address, and its level. Null: nothing is there.
static u64 *_Nullable find(u64 root, u64 address, u32 *level)
{
	struct table *table = table_at(root);
	for (*level = LEVEL_TOP;; (*level)--) {
		u64 *slot = slot_of(table, address, *level);
		u64 entry = atomic_load_acquire(slot); // pairs with table_map
		if (!(entry & ENTRY_PRESENT))
			return nullptr;
		if (*level == 0 || entry & ENTRY_LARGE)
			return slot;
		table = table_at(entry);
	}
}

static bool is_empty(const struct table *table)
{
	u64 all = 0;
	for (u32 i = 0; i < ENTRIES; i++)
		all |= atomic_load_relaxed(&AT(table->entry, i));
	return all == 0;
}

static void free_below(struct page_table *page_table, u64 *slot)
{
	paddr_t frame = { *slot & ~PAGE_MASK };
	atomic_store_release(slot, 0);
	shootdown_root(page_table->root, 0, UINT64_MAX);
	frame_free(frame, 0);
	page_table->pages--;
}

static err_t make_below(struct page_table *page_table, u64 *slot)
{
	if (*slot & ENTRY_PRESENT)
		return *slot & ENTRY_LARGE ? ERR_EXISTS : OK;
	paddr_t frame;
	TRY(frame_alloc_zeroed(FRAME_TABLE, &frame));
	page_table->pages++;
	atomic_store_release(slot, frame.raw | ENTRY_PRESENT);
	return OK;
}

err_t table_map(
	struct page_table *page_table, u64 address, paddr_t frame, u32 access, bool is_large)
{
	u32 leaf = is_large ? 1 : 0;
	assert(arch_address_is_user(address) && is_aligned(address, reach_of(leaf)) &&
		   is_aligned(frame.raw, reach_of(leaf)));
	struct table *table = table_at(page_table->root.raw);
	for (u32 level = LEVEL_TOP; level > leaf; level--) {
		u64 *slot = slot_of(table, address, level);
		TRY(make_below(page_table, slot));
		table = table_at(*slot);
	}
	u64 *slot = slot_of(table, address, leaf);
	if (*slot & ENTRY_PRESENT) {
		if (!is_large || *slot & ENTRY_LARGE || !is_empty(table_at(*slot)))
			return ERR_EXISTS;
		free_below(page_table, slot);
	}
	atomic_store_release(slot, frame.raw | access | ENTRY_PRESENT | (is_large ? ENTRY_LARGE : 0));
	return OK;
}

err_t table_map_run(struct page_table *table, u64 address, const struct radix_run *run, u32 access)
{
	RADIX_RUN_EACH(i, run)
	{
		paddr_t frame = { AT(*run->slot, i) & ~PAGE_MASK };
		TRY(table_map(table, address + i * PAGE_SIZE, frame, access, false));
	}
	return OK;
}

// The entry over an address with its frame moved on to the page; 0: not present.
static u64 look_up(u64 root, u64 address)
{
	u32 level;
	u64 *slot = find(root, address, &level);
	u64 entry = slot ? atomic_load_acquire(slot) : 0;
	if (!(entry & ENTRY_PRESENT))
		return 0;
	return entry + (address & (reach_of(level) - 1) & ~PAGE_MASK);
}

bool table_query(struct page_table *table, u64 address, paddr_t *frame, u32 *access)
{
	u64 entry = look_up(table->root.raw, address);
	frame->raw = entry & ~PAGE_MASK;
	*access = entry & ENTRY_ACCESS;
	return entry != 0;
}

// A large entry of which only a part is meant goes; the next fault brings the rest back.
static u64 change_part(struct page_table *table, u64 *address, u64 end, u64 kept)
{
	u64 count = 0, at = *address;
	for (u32 seen = 0; at < end && seen < PART_ENTRIES;) {
		u32 level;
		u64 *slot = find(table->root.raw, at, &level);
		u64 start = align_down(at, reach_of(level)), next = start + reach_of(level);
		bool is_whole = start == at && end - start >= reach_of(level);
		u64 wanted = slot && is_whole ? *slot & kept : 0;
		if (slot && wanted != *slot) {
			atomic_store_release(slot, wanted);
			count++;
		}
		seen += slot != nullptr;
		at = next > at ? min_u64(next, end) : end; // or the end of all addresses
	}
	*address = at;
	return count;
}

u64 table_unmap_part(struct page_table *table, u64 *address, u64 end)
{
	return change_part(table, address, end, 0);
}

u64 table_protect_part(struct page_table *table, u64 *address, u64 end)
{
	return change_part(table, address, end, ~(u64)PAGE_WRITE);
}

// The entry that leads to the table of this level over the address. *reach: how far there is none.
static u64 *_Nullable entry_of_table(u64 root, u64 address, u32 wanted, u64 *reach)
{
	struct table *table = table_at(root);
	for (u32 level = LEVEL_TOP;; level--) {
		u64 *slot = slot_of(table, address, level);
		*reach = reach_of(level);
		if (!(*slot & ENTRY_PRESENT) || *slot & ENTRY_LARGE)
			return nullptr;
		if (level == wanted + 1)
			return slot;
		table = table_at(*slot);
	}
}

static void free_level(struct page_table *table, u64 address, u64 end, u32 level)
{
	while (address < end) {
		u64 reach;
		u64 *slot = entry_of_table(table->root.raw, address, level, &reach);
		if (slot && is_empty(table_at(*slot)))
			free_below(table, slot);
		u64 next = align_down(address, reach) + reach;
		if (next <= address)
			break;
		address = next;
	}
}

void table_free_range(struct page_table *table, u64 address, u64 size)
{
	for (u32 level = 0; level < LEVEL_TOP; level++)
		free_level(table, address, address + size, level);
}

bool table_sweep(struct page_table *table)
{
	table_free_range(table, 0, 1ull << 47);
	table_free_range(table, USER_HIGH_START, USER_HIGH_END - USER_HIGH_START);
	return true;
}

void table_leave_everywhere(struct page_table *table)
{
	shootdown_root(table->root, 0, 0);
}

static bool drain_below(struct page_table *page_table, struct table *table, u32 level, u32 *steps)
{
	for (u32 i = 0; i < ENTRIES; i++) {
		u64 *slot = &AT(table->entry, i);
		if (!(*slot & ENTRY_PRESENT) || *slot & ENTRY_LARGE)
			continue;
		if (level > 1 && !drain_below(page_table, table_at(*slot), level - 1, steps))
			return false;
		if (!*steps)
			return false;
		--*steps;
		free_below(page_table, slot);
	}
	return true;
}

bool table_drain(struct page_table *table, u32 *steps)
{
	return drain_below(table, table_at(table->root.raw), LEVEL_TOP, steps);
}

static void load(u64 root)
{
	struct cpu_arch *arch = &cpu_self()->arch;
	if (arch->root == root)
		return;
	atomic_store_seq_cst(&arch->root, root); // before the first walk, for shootdown_root
	for (u32 i = 0; i < TLB_ENTRIES; i++)
		AT(arch->tlb, i) = (struct tlb_entry){};
}

void table_activate(struct page_table *table)
{
	load(table->root.raw);
}

void table_activate_none(void)
{
	load(0);
}

// Physical addresses behind the devices' window are no machine's: they read as this page.
static u8 nowhere[PAGE_SIZE];

static void *byte_of(u64 physical)
{
	if (physical >= host.ram + HOST_DEVICE_SIZE)
		return &AT(nowhere, physical & PAGE_MASK);
	UNSAFE_BEGIN("inside the arena")
	return host.arena + physical;
	UNSAFE_END
}

void *_Nullable host_translate(u64 address, u32 access)
{
	struct cpu_arch *arch = &cpu_self()->arch;
	u64 page = address & ~PAGE_MASK;
	struct tlb_entry *entry = &AT(arch->tlb, page >> PAGE_SHIFT & (TLB_ENTRIES - 1));
	bool is_known = (entry->page & ~PAGE_MASK) == page && (access & ~entry->page) == 0;
	if (!entry->page || !is_known) {
		bool has_tables = arch->root && arch_address_is_user(address);
		u64 found = has_tables ? look_up(arch->root, page) : 0;
		if (!found || access & ~found)
			return nullptr;
		*entry = (struct tlb_entry){ page | (found & PAGE_MASK), found & ~PAGE_MASK };
	}
	return byte_of(entry->frame | (address & PAGE_MASK));
}
