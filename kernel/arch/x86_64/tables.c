// SPDX-License-Identifier: MIT
// tables.c - four-level page tables. A table's own half is slots 0 to 256 (256: the high window of
// user memory); the rest is the kernel's and the same in all. Large pages are never split: what
// changes a part of one drops it, and the next fault brings that part back.
// Manual: Intel SDM volume 3, chapter 4.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/radix.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

// Of a walk with interrupts off: 8 tables full of pages, or so much of nothing.
constexpr u32 TABLE_STEPS = 128, PART_STEPS = 8 * TABLE_STEPS;

paddr_t kernel_root;
static u64 direct_map_base; // all written once at boot
static u64 image_vaddr;
static u64 image_paddr;

void *direct_map(u64 paddr)
{
	UNSAFE_BEGIN("RAM is mapped from here on")
	return (void *)(uintptr_t)(direct_map_base + paddr);
	UNSAFE_END
}

paddr_t kernel_image_paddr(const void *in_image)
{
	return (paddr_t){ (u64)(uintptr_t)in_image - image_vaddr + image_paddr };
}

struct table *table_at(u64 entry)
{
	return direct_map(entry & ENTRY_ADDRESS);
}

void tables_init(const struct boot_info *info)
{
	direct_map_base = info->direct_map_vaddr;
	image_vaddr = info->kernel_vaddr;
	image_paddr = info->kernel_paddr;
	kernel_root.raw = info->page_table_root_paddr;
	struct table *root = table_at(kernel_root.raw);
	for (u32 i = 0; i <= TABLE_USER_LAST; i++)
		AT(root->entry, i) = 0; // the page that was mapped at its own address
	cr3_write(kernel_root.raw);
	cpu_self()->arch.root = kernel_root.raw;
}

u64 entry_of_access(u32 access)
{
	u64 bits = ENTRY_PRESENT | ENTRY_ACCESSED;
	if (access & PAGE_WRITE)
		bits |= ENTRY_WRITE | ENTRY_DIRTY;
	if (!(access & PAGE_EXEC))
		bits |= ENTRY_NO_EXECUTE;
	if (access & PAGE_UNCACHED)
		bits |= ENTRY_CACHE_OFF | ENTRY_CACHE_LOW;
	else if (access & PAGE_WRITE_COMBINING)
		bits |= ENTRY_CACHE_LOW;
	return bits;
}

static u32 access_of_entry(u64 entry)
{
	u32 access = PAGE_READ;
	access |= entry & ENTRY_WRITE ? PAGE_WRITE : 0;
	access |= entry & ENTRY_NO_EXECUTE ? 0 : PAGE_EXEC;
	if (entry & ENTRY_CACHE_OFF)
		access |= PAGE_UNCACHED;
	else if (entry & ENTRY_CACHE_LOW)
		access |= PAGE_WRITE_COMBINING;
	return access;
}

err_t table_init(struct page_table *table)
{
	paddr_t root;
	TRY(frame_alloc_zeroed(FRAME_TABLE, &root));
	struct table *from = table_at(kernel_root.raw);
	struct table *to = table_at(root.raw);
	for (u32 i = TABLE_USER_LAST + 1; i < TABLE_ENTRIES; i++)
		AT(to->entry, i) = AT(from->entry, i);
	*table = (struct page_table){ .root = root };
	list_init(&table->tables);
	return OK;
}

void table_fini(struct page_table *table)
{
	assert(table->pages == 0);
	shootdown_root(table->root, 0, 0); // an idle CPU may still have them loaded
	frame_free(table->root, 0);
	table->root.raw = 0;
}

u64 table_find(const struct page_table *page_table, u64 address, u32 *level)
{
	constexpr u64 ALL_PARTS = 0xffull << ENTRY_PARTS_SHIFT; // nothing leads to the top table
	u64 above = page_table->root.raw | ALL_PARTS;
	for (*level = TABLE_LEVEL_TOP; *level; (*level)--) {
		u64 entry = AT(table_at(above)->entry, table_index(address, *level));
		if (!(entry & ENTRY_PRESENT) || entry & ENTRY_LARGE)
			break;
		above = entry;
	}
	return above;
}

static err_t table_below(struct page_table *page_table, u64 *entry)
{
	if (*entry & ENTRY_PRESENT)
		return *entry & ENTRY_LARGE ? ERR_EXISTS : OK;
	paddr_t frame;
	TRY(frame_alloc_zeroed(FRAME_TABLE, &frame));
	page_table->pages++;
	frame_of(frame)->above = entry;
	list_push_back(&page_table->tables, &frame_of(frame)->node);
	atomic_store_release(entry, frame.raw | ENTRY_TABLE); // the hardware walks on other CPUs
	return OK;
}

// A large page can only take the place of an empty table.
static err_t make_room(struct page_table *page_table, u64 *entry)
{
	if (*entry & ENTRY_LARGE || !table_is_empty(*entry))
		return ERR_EXISTS;
	paddr_t frame = { *entry & ENTRY_ADDRESS };
	*entry = 0;
	shootdown_root(page_table->root, 0, TABLE_EVERYTHING);
	table_free_zeroed(page_table, frame);
	return OK;
}

// The table of the leaf level over the address, made if there is none.
static err_t table_make(
	struct page_table *page_table, u64 address, u32 leaf, struct table *_Nullable *_Nonnull out)
{
	struct table *table = table_at(page_table->root.raw);
	for (u32 level = TABLE_LEVEL_TOP; level > leaf; level--) {
		u64 *entry = &AT(table->entry, table_index(address, level));
		TRY(table_below(page_table, entry));
		u64 part = 1ull << (ENTRY_PARTS_SHIFT + table_index(address, level - 1) / PART_ENTRIES);
		if (!(*entry & part))
			atomic_store_relaxed(entry, *entry | part);
		table = table_at(*entry);
	}
	*out = table;
	return OK;
}

err_t table_map(
	struct page_table *page_table, u64 address, paddr_t frame, u32 access, bool is_large)
{
	assert(arch_address_is_user(address) && !(frame.raw & ~ENTRY_ADDRESS));
	u32 leaf = is_large ? 1 : 0;
	struct table *table;
	TRY(table_make(page_table, address, leaf, &table));
	u64 *entry = &AT(table->entry, table_index(address, leaf));
	if (*entry & ENTRY_PRESENT)
		TRY(is_large ? make_room(page_table, entry) : ERR_EXISTS);
	u64 bits = entry_of_access(access) | ENTRY_USER | (is_large ? ENTRY_LARGE : 0);
	atomic_store_release(entry, frame.raw | bits);
	return OK;
}

err_t table_map_run(
	struct page_table *page_table, u64 address, const struct radix_run *run, u32 access)
{
	u64 bits = entry_of_access(access) | ENTRY_USER;
	u32 first = table_index(address, 0); // may be in the middle, and the run reach into the next
	u64 low = UINT64_MAX >> first % PART_ENTRIES; // what is in the first of the table's parts
	for (u64 left = run->present; left;) {
		u64 part = left & low ? left & low : left;
		struct table *table;
		TRY(table_make(page_table, address + bits_lowest(left) * PAGE_SIZE, 0, &table));
		for (left &= ~part; part; part &= part - 1) {
			u32 i = bits_lowest(part);
			u64 frame = AT(*run->slot, i) & ENTRY_ADDRESS;
			atomic_store_release(&AT(table->entry, (first + i) % TABLE_ENTRIES), frame | bits);
		}
	}
	return OK;
}

bool table_query(struct page_table *page_table, u64 address, paddr_t *frame, u32 *access)
{
	u32 level;
	u64 above = table_find(page_table, address, &level);
	u64 entry = AT(table_at(above)->entry, table_index(address, level));
	if (!(entry & ENTRY_PRESENT))
		return false;
	u64 inside = address & (table_reach(level) - 1) & ~PAGE_MASK;
	frame->raw = (entry & ENTRY_ADDRESS) + inside;
	*access = access_of_entry(entry);
	return true;
}

// Entries of one table, up to its end, keep some of their bits.
static u64 keep_in_table(u64 above, u32 first, u64 count, u64 kept)
{
	struct table *table = table_at(above);
	u64 changed = 0, end = min_u64(TABLE_ENTRIES, first + count);
	for (u64 i = first; i < end;) {
		u64 part = i / PART_ENTRIES, stop = min_u64(end, (part + 1) * PART_ENTRIES);
		for (i = bits_test(above, ENTRY_PARTS_SHIFT + (u32)part) ? i : stop; i < stop; i++) {
			u64 *entry = &AT(table->entry, i);
			if (!(*entry & ~kept))
				continue;
			atomic_store_release(entry, *entry & kept);
			changed++;
		}
	}
	return changed;
}

static u64 keep_part(struct page_table *page_table, u64 *address, u64 end, u64 kept)
{
	u64 changed = 0, at = *address;
	for (u32 steps = 0; at < end && steps < PART_STEPS;) {
		u32 level;
		u64 above = table_find(page_table, at, &level);
		u64 reach = table_reach(level);
		u64 count = level ? 1 : (end - at) >> PAGE_SHIFT; // 1: nothing, or a large page, which goes
		bool is_whole =
			!level || (is_aligned(at, reach) && end - at >= reach); // if a part is meant
		changed += keep_in_table(above, table_index(at, level), count, is_whole ? kept : 0);
		steps += level ? 1 : TABLE_STEPS;
		at = table_next(at, level, end);
	}
	*address = at;
	return changed;
}

u64 table_unmap_part(struct page_table *table, u64 *address, u64 end)
{
	return keep_part(table, address, end, 0);
}

u64 table_protect_part(struct page_table *table, u64 *address, u64 end)
{
	return keep_part(table, address, end, ~ENTRY_WRITE);
}

static void load(u64 root)
{
	struct cpu *cpu = cpu_self();
	if (cpu->arch.root == root)
		return;
	atomic_store_relaxed(&cpu->arch.root, root); // before the load, for shootdown_root
	cr3_write(root);
	atomic_store_relaxed(&cpu->switches, atomic_load_relaxed(&cpu->switches) + 1);
}

void table_activate(struct page_table *table)
{
	load(table->root.raw);
}

void table_leave(void)
{
	load(kernel_root.raw);
}
