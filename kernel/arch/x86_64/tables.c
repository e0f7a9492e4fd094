// SPDX-License-Identifier: MIT
// tables.c - four-level page tables. A table's own half is slots 0 to 256 (256: the high window of
// user memory); the rest is the kernel's and the same in all. Large pages are never split: what
// changes a part of one drops it, and the next fault brings that part back.
// Manual: Intel SDM volume 3, chapter 4.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/arch/x86_64/tables_local.h"
#include "kernel/memory/frame.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

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
	return OK;
}

void table_fini(struct page_table *table)
{
	assert(table->pages == 0);
	shootdown_root(table->root, 0, 0); // an idle CPU may still have them loaded
	frame_free(table->root, 0);
	table->root.raw = 0;
}

// The entry that decides over the address at this level or, larger, above. Null: nothing is there.
static u64 *_Nullable entry_find(const struct page_table *page_table, u64 address, u32 *level)
{
	struct table *table = table_at(page_table->root.raw);
	for (*level = TABLE_LEVEL_TOP;; (*level)--) {
		u64 *entry = &AT(table->entry, table_index(address, *level));
		if (!(*entry & ENTRY_PRESENT))
			return nullptr;
		if (*level == 0 || *entry & ENTRY_LARGE)
			return entry;
		table = table_at(*entry);
	}
}

bool table_is_empty(const struct table *table)
{
	u64 all = 0;
	for (u32 i = 0; i < TABLE_ENTRIES; i++)
		all |= AT(table->entry, i);
	return all == 0;
}

static err_t table_below(struct page_table *page_table, u64 *entry)
{
	if (*entry & ENTRY_PRESENT && !(*entry & ENTRY_LARGE))
		return OK;
	paddr_t frame;
	TRY(frame_alloc_zeroed(FRAME_TABLE, &frame));
	page_table->pages++;
	atomic_store_release(entry, frame.raw | ENTRY_TABLE); // the hardware walks on other CPUs
	return OK;
}

// A large page can only take the place of an empty table.
static err_t make_room(struct page_table *page_table, u64 *entry)
{
	if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE)
		return OK;
	if (!table_is_empty(table_at(*entry)))
		return ERR_EXISTS;
	paddr_t frame = { *entry & ENTRY_ADDRESS };
	*entry = 0;
	shootdown_root(page_table->root, 0, TABLE_EVERYTHING);
	frame_free(frame, 0);
	page_table->pages--;
	return OK;
}

err_t table_map(
	struct page_table *page_table, u64 address, paddr_t frame, u32 access, bool is_large)
{
	assert(arch_address_is_user(address) && !(frame.raw & ~ENTRY_ADDRESS));
	u32 leaf = is_large ? 1 : 0;
	struct table *table = table_at(page_table->root.raw);
	for (u32 level = TABLE_LEVEL_TOP; level > leaf; level--) {
		u64 *entry = &AT(table->entry, table_index(address, level));
		TRY(table_below(page_table, entry));
		table = table_at(*entry);
	}
	u64 *entry = &AT(table->entry, table_index(address, leaf));
	if (is_large)
		TRY(make_room(page_table, entry));
	u64 bits = entry_of_access(access) | ENTRY_USER | (is_large ? ENTRY_LARGE : 0);
	atomic_store_release(entry, frame.raw | bits);
	return OK;
}

bool table_query(struct page_table *page_table, u64 address, paddr_t *frame, u32 *access)
{
	u32 level;
	u64 *entry = entry_find(page_table, address, &level);
	if (!entry)
		return false;
	u64 inside = address & (table_reach(level) - 1) & ~PAGE_MASK;
	frame->raw = (*entry & ENTRY_ADDRESS) + inside;
	*access = access_of_entry(*entry);
	return true;
}

static u64 entry_clear(u64 entry, u64 argument)
{
	(void)entry, (void)argument;
	return 0;
}

static u64 entry_without_write(u64 entry, u64 argument)
{
	(void)argument;
	return entry & ~ENTRY_WRITE;
}

// Caching is the memory's, not the mapping's.
static u64 entry_with_access(u64 entry, u64 access)
{
	if (!(access & (PAGE_READ | PAGE_WRITE | PAGE_EXEC)))
		return 0;
	u64 cache = entry & (ENTRY_CACHE_LOW | ENTRY_CACHE_OFF);
	u64 kept = entry & (ENTRY_ADDRESS | ENTRY_USER | ENTRY_LARGE);
	return kept | cache | entry_of_access((u32)access & (PAGE_WRITE | PAGE_EXEC));
}

// One leaf entry; address and end: the range asked for.
static bool leaf_change(u64 *entry, u32 level, u64 address, u64 end, struct change change)
{
	u64 start = address & ~(table_reach(level) - 1);
	bool is_whole = start == address && end - start >= table_reach(level);
	u64 wanted = is_whole ? change.apply(*entry, change.argument) : 0;
	if (wanted == *entry)
		return false;
	atomic_store_release(entry, wanted);
	return true;
}

u64 table_change(struct page_table *page_table, u64 address, u64 size, struct change change)
{
	u64 end = address + size;
	u64 changed = 0;
	while (address < end) {
		u32 level;
		u64 *entry = entry_find(page_table, address, &level);
		if (entry && leaf_change(entry, level, address, end, change))
			changed++;
		u64 next = (address & ~(table_reach(level) - 1)) + table_reach(level);
		if (next <= address)
			break; // the end of all addresses
		address = next;
	}
	return changed;
}

u64 table_unmap(struct page_table *table, u64 address, u64 size)
{
	return table_change(table, address, size, (struct change){ entry_clear, 0 });
}

u64 table_write_protect(struct page_table *table, u64 address, u64 size)
{
	return table_change(table, address, size, (struct change){ entry_without_write, 0 });
}

u64 table_protect(struct page_table *table, u64 address, u64 size, u32 access)
{
	return table_change(table, address, size, (struct change){ entry_with_access, access });
}

static void load(u64 root)
{
	struct cpu *cpu = cpu_self();
	if (cpu->arch.root == root)
		return;
	atomic_store_relaxed(&cpu->arch.root, root); // before the load, for shootdown_root
	cr3_write(root);
}

void table_activate(struct page_table *table)
{
	load(table->root.raw);
}

void table_leave(void)
{
	load(kernel_root.raw);
}

void table_activate_none(void)
{
	table_leave();
}
