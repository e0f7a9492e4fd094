// SPDX-License-Identifier: MIT
// device.c - the kernel's own small window onto controllers: one top-level slot, filled at boot and
// never emptied, from tables inside the image, so that it works before there are frames. Small
// areas take 4 KiB pages, a framebuffer 2 MiB pages. Also removes guard pages from the image.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/tables_local.h"
#include "lib/base/bits.h"

constexpr u32 SLOT_FIRST = 257;

// Written at boot by the first CPU only.
alignas(4096) static struct table third;
alignas(4096) static struct table second; // [0]: the one below; the others 2 MiB pages
alignas(4096) static struct table lowest;
static u64 window; // virtual address of the slot; 0: not yet set up
static u32 small_used;
static u32 large_used = 1;

static u64 table_entry(const struct table *table)
{
	return kernel_image_paddr(table).raw | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED;
}

// Takes the first slot of the kernel's half that the loader left free.
static void window_open(void)
{
	struct table *root = table_at(kernel_root.raw);
	u32 slot = SLOT_FIRST;
	while (AT(root->entry, slot))
		slot++;
	AT(second.entry, 0) = table_entry(&lowest);
	AT(third.entry, 0) = table_entry(&second);
	AT(root->entry, slot) = table_entry(&third);
	window = 0xffff'0000'0000'0000 | (u64)slot << 39;
}

static bool fill(struct table *table, u32 *used, u32 level, paddr_t base, u64 size)
{
	u64 reach = table_reach(level);
	u64 start = align_down(base.raw, reach);
	u64 count = (align_up(base.raw + size, reach) - start) / reach;
	if (count > TABLE_ENTRIES - *used)
		return false;
	u64 bits = ENTRY_GLOBAL | (level ? ENTRY_LARGE : 0);
	bits |=
		entry_of_access(PAGE_READ | PAGE_WRITE | (level ? PAGE_WRITE_COMBINING : PAGE_UNCACHED));
	for (u64 i = 0; i < count; i++)
		AT(table->entry, (*used)++) = (start + i * reach) | bits;
	return true;
}

void *_Nullable kernel_map_device(paddr_t base, usize size)
{
	if (!window)
		window_open();
	u32 level = size >= LARGE_PAGE_SIZE ? 1 : 0;
	u32 *used = level ? &large_used : &small_used;
	u64 address = window + *used * table_reach(level) + (base.raw & (table_reach(level) - 1));
	if (!fill(level ? &second : &lowest, used, level, base, size))
		return nullptr;
	UNSAFE_BEGIN("just mapped")
	return (void *)(uintptr_t)address;
	UNSAFE_END
}

void table_unmap_kernel(u64 address)
{
	struct table *table = table_at(kernel_root.raw);
	for (u32 level = TABLE_LEVEL_TOP; level; level--) {
		u64 entry = AT(table->entry, table_index(address, level));
		if (!(entry & ENTRY_PRESENT) || entry & ENTRY_LARGE)
			return;
		table = table_at(entry);
	}
	AT(table->entry, table_index(address, 0)) = 0;
	page_invalidate(address);
}
