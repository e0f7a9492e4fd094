// SPDX-License-Identifier: MIT
// paging.c - walk from the top table down, making tables on the way, and set the leaf entry.
// Manual: Intel SDM volume 3, section 4.5.
#include "boot/paging.h"

#include "lib/base/bits.h"

constexpr u64 PRESENT = 1 << 0;
constexpr u64 WRITABLE = 1 << 1;
constexpr u64 ACCESSED = 1 << 5;
constexpr u64 DIRTY = 1 << 6;
constexpr u64 LARGE = 1 << 7;
constexpr u64 GLOBAL = 1 << 8;
constexpr u64 NO_EXECUTE = 1ull << 63;
constexpr u64 ADDRESS = 0x000ffffffffff000;
constexpr u32 LEVEL_TOP = 3; // level 0 holds 4 KiB pages, level 1 2 MiB pages
constexpr u32 LEVEL_LARGE = 1;

err_t paging_init(struct paging *paging, span_t memory, u64 paddr)
{
	if (!is_aligned(paddr, PAGE_SIZE) || memory.size < PAGE_SIZE)
		return ERR_ALIGNMENT;
	span_fill(memory, 0);
	*paging = (struct paging){ memory, paddr, PAGE_SIZE };
	return OK;
}

// The entry in the table at this physical address, which is one of ours.
static u64 *entry_of(struct paging *paging, u64 table, u32 level, u64 vaddr)
{
	u32 index = vaddr >> (12 + 9 * level) & 511;
	span_t page = span_clamp(paging->memory, (usize)(table - paging->paddr), PAGE_SIZE);
	UNSAFE_BEGIN("tables are page-aligned arrays of entries; span_at checks the place")
	return (u64 *)(void *)span_at(page, index * sizeof(u64));
	UNSAFE_END
}

static err_t make_table(struct paging *paging, u64 *entry)
{
	if (paging->memory.size - paging->used < PAGE_SIZE)
		return ERR_NO_MEMORY;
	*entry = (paging->paddr + paging->used) | PRESENT | WRITABLE | ACCESSED;
	paging->used += PAGE_SIZE;
	return OK;
}

static u64 access_bits(enum paging_access access)
{
	switch (access) {
	case PAGING_READ: return NO_EXECUTE | GLOBAL;
	case PAGING_WRITE: return NO_EXECUTE | GLOBAL | WRITABLE | DIRTY;
	case PAGING_KERNEL_EXECUTE: return GLOBAL;
	case PAGING_EXECUTE: return 0;
	}
	never_reached();
}

static err_t map_page(struct paging *paging, u64 vaddr, u64 leaf, u32 leaf_level)
{
	u64 table = paging->paddr;
	for (u32 level = LEVEL_TOP; level > leaf_level; level--) {
		u64 *entry = entry_of(paging, table, level, vaddr);
		if (!*entry)
			TRY(make_table(paging, entry));
		if (*entry & LARGE)
			return ERR_EXISTS;
		table = *entry & ADDRESS;
	}
	u64 *entry = entry_of(paging, table, leaf_level, vaddr);
	if (*entry)
		return ERR_EXISTS;
	*entry = leaf | (leaf_level == LEVEL_LARGE ? LARGE : 0);
	return OK;
}

err_t paging_map(struct paging *paging, u64 vaddr, u64 paddr, u64 size, enum paging_access access)
{
	if (!is_aligned(vaddr | paddr | size, PAGE_SIZE) || paddr + size > ADDRESS)
		return ERR_ALIGNMENT;
	u64 bits = access_bits(access) | PRESENT | ACCESSED;
	while (size) {
		bool is_large = is_aligned(vaddr | paddr, LARGE_PAGE_SIZE) && size >= LARGE_PAGE_SIZE;
		TRY(map_page(paging, vaddr, paddr | bits, is_large ? LEVEL_LARGE : 0));
		u64 step = is_large ? LARGE_PAGE_SIZE : PAGE_SIZE;
		vaddr += step;
		paddr += step;
		size -= step;
	}
	return OK;
}

// Tables of the third and second level, and for both ends one of the lowest. Holds because all our
// mappings have the same low 21 bits in both addresses, so that only the ends need small pages.
u64 paging_bytes_for(u64 size)
{
	return ((size >> 39) + 2 + (size >> 30) + 2 + 2) * PAGE_SIZE;
}
