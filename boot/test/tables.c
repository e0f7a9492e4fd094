// SPDX-License-Identifier: MIT
// tables.c - four nested levels, by one loop: the index at each level is a digit of the address.
#include "boot/test/tables.h"

#include "lib/base/bits.h"
#include "lib/base/unsafe.h"

constexpr u64 PRESENT = 1;
constexpr u64 WRITABLE = 2;
constexpr u64 LARGE = 1 << 7;
constexpr u64 NO_EXECUTE = 1ull << 63;
constexpr u64 ADDRESS = 0x000ffffffffff000;
constexpr u64 UPPER_HALF = 1ull << 47;

extern const u8 kernel_image_start[], kernel_text_end[], kernel_rodata_end[];

static u64 entry_at(const struct boot_info *info, u64 table, u64 index)
{
	UNSAFE_BEGIN("a page table in the direct map; index is below 512")
	return ((const volatile u64 *)(info->direct_map_vaddr + table))[index];
	UNSAFE_END
}

static void check_leaf(
	const struct boot_info *info, struct tables_count *count, u64 vaddr, u64 entry)
{
	u64 paddr = entry & ADDRESS & ~(entry & LARGE ? LARGE_PAGE_SIZE - 1 : 0);
	u64 constant = (u64)kernel_rodata_end - (u64)kernel_image_start;
	u64 start = (u64)kernel_image_start, end = (u64)kernel_text_end;
	bool is_executable = !(entry & NO_EXECUTE), is_writable = entry & WRITABLE;
	bool is_low = vaddr < UPPER_HALF;
	bool is_identity = vaddr == info->identity_page_paddr && paddr == vaddr;
	count->identity_pages += is_low;
	count->bad_identity += is_low && (!is_identity || !is_executable || is_writable);
	count->writable_executable += is_executable && is_writable;
	count->executable_outside_text +=
		is_executable && !is_identity && (vaddr < start || vaddr >= end);
	count->alias_of_constant +=
		is_writable && paddr < info->kernel_paddr + constant &&
		paddr + (entry & LARGE ? LARGE_PAGE_SIZE : PAGE_SIZE) > info->kernel_paddr;
	count->large_pages += !!(entry & LARGE);
	count->small_pages += !(entry & LARGE);
}

// The next address whose entry at this level is another one.
static u64 step(u64 vaddr, u32 level)
{
	u64 size = 1ull << (12 + 9 * level);
	u64 next = align_down(vaddr, size) + size;
	return next == UPPER_HALF ? ~(UPPER_HALF - 1) : next;
}

struct tables_count tables_walk(const struct boot_info *info)
{
	struct tables_count count = {};
	u64 vaddr = 0;
	do {
		u64 table = info->page_table_root_paddr, entry = 0;
		u32 level = 4;
		do {
			level--;
			entry = entry_at(info, table, vaddr >> (12 + 9 * level) & 511);
			table = entry & ADDRESS;
		} while (level && entry & PRESENT && !(entry & LARGE));
		if (entry & PRESENT)
			check_leaf(info, &count, vaddr, entry);
		vaddr = step(vaddr, level);
	} while (vaddr);
	return count;
}
