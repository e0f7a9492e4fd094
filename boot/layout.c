// SPDX-License-Identifier: MIT
// layout.c - places first (each one claimed in the map at once), then mappings: kernel image by
// segment, all RAM once more in the direct map, and the trampoline page at its own address.
// What must not be written through the image must not be written through the direct map either.
#include "boot/layout.h"

#include "lib/base/bits.h"

constexpr u64 LOW = 0x200000;    // below: the loader, firmware leftovers
constexpr u64 HIGH = 1ull << 32; // the loader reaches no further
constexpr u64 CPU_START_LOW = 0x1000;
constexpr u64 CPU_START_HIGH = 0xa0000;
constexpr u64 GIB = 1 << 30;
constexpr u64 DIRECT_MAP_FIRST = 0xffff880000000000; // slot 272 of the top table
constexpr u32 DIRECT_MAP_SLOTS = 383 - 272 + 1 - 8;  // 8 slots hold MEMORY_LIMIT
constexpr u32 DIRECT_MAP_SLOT_SHIFT = 39;

static err_t take(
	struct memory_map *map, const struct memory_request *request, u32 fraction, u32 kind, u64 *base)
{
	TRY(memory_map_place(map, request, fraction, base));
	return memory_map_claim(map, *base, request->size, kind);
}

static err_t take_pages(struct memory_map *map, u64 size, u32 fraction, u32 kind, u64 *base)
{
	struct memory_request request = { align_up(size, PAGE_SIZE), PAGE_SIZE, LOW, HIGH };
	return take(map, &request, fraction, kind, base);
}

static bool is_in_direct_map(u32 kind)
{
	return kind != BOOT_RANGE_RESERVED && kind != BOOT_RANGE_KERNEL;
}

static enum paging_access direct_map_access(u32 kind)
{
	bool is_constant = kind == BOOT_RANGE_ACPI || kind == BOOT_RANGE_SYMBOLS;
	return is_constant ? PAGING_READ : PAGING_WRITE;
}

// Neighbours that are mapped alike, as one, so that they can share 2 MiB pages. False: no more.
static bool next_run(const struct memory_map *map, u32 *i, struct boot_range *run)
{
	while (*i < map->count && !is_in_direct_map(AT(map->ranges, *i).kind))
		++*i;
	if (*i >= map->count)
		return false;
	*run = AT(map->ranges, *i);
	for (++*i; *i < map->count; ++*i) {
		struct boot_range next = AT(map->ranges, *i);
		if (!is_in_direct_map(next.kind) || next.base != run->base + run->size ||
			direct_map_access(next.kind) != direct_map_access(run->kind))
			break;
		run->size += next.size;
	}
	return true;
}

// Bound for the tables: each range on its own, room for the two splits to come, the kernel's
// segments twice (image and direct map), the identity page.
static u64 tables_bytes(const struct layout *layout)
{
	u64 bytes = PAGE_SIZE + paging_bytes_for(PAGE_SIZE) * 5;
	for (u32 i = 0; i < layout->map.count; i++)
		bytes += paging_bytes_for(AT(layout->map.ranges, i).size);
	for (u32 i = 0; i < layout->image.segment_count; i++)
		bytes += 2 * paging_bytes_for(AT(layout->image.segments, i).size);
	return bytes;
}

static void choose_addresses(struct layout *layout, const struct layout_choice *choice)
{
	u64 room = LAYOUT_KERNEL_TOP - layout->image.link_vaddr - layout->image.size;
	u64 slides = room / LARGE_PAGE_SIZE + 1;
	layout->kernel_slide = (slides * choice->kernel_slide >> 32) * LARGE_PAGE_SIZE;
	u64 slot = (u64)DIRECT_MAP_SLOTS * choice->direct_map >> 32;
	layout->direct_map_vaddr = DIRECT_MAP_FIRST + (slot << DIRECT_MAP_SLOT_SHIFT);
	u64 end = 0;
	for (u32 i = 0; i < layout->map.count; i++) {
		struct boot_range range = AT(layout->map.ranges, i);
		if (range.kind != BOOT_RANGE_RESERVED)
			end = max_u64(end, range.base + range.size);
	}
	layout->direct_map_size = align_up(end, GIB);
}

err_t layout_choose(struct layout *layout, const struct layout_choice *choice, u64 symbols_size,
	struct complaint *complaint)
{
	u64 link = layout->image.link_vaddr, size = layout->image.size;
	struct memory_map *map = &layout->map;
	if (link < 0xffffffff80000000 || link > LAYOUT_KERNEL_TOP || LAYOUT_KERNEL_TOP - link < size)
		return complain(complaint, "kernel: linked outside of the top 2 GiB, at", link);
	choose_addresses(layout, choice);
	struct memory_request request = { size, LARGE_PAGE_SIZE, LOW, HIGH };
	if (take(map, &request, choice->kernel_place, BOOT_RANGE_KERNEL, &layout->kernel_paddr) != OK)
		return complain(complaint, "no memory for the kernel of bytes", size);
	request = (struct memory_request){ PAGE_SIZE, PAGE_SIZE, CPU_START_LOW, CPU_START_HIGH };
	if (take(map, &request, UINT32_MAX, BOOT_RANGE_CPU_START, &layout->cpu_start_paddr) != OK)
		layout->cpu_start_paddr = 0;
	u32 place = choice->tables_place;
	if (symbols_size &&
		take_pages(map, symbols_size, place, BOOT_RANGE_SYMBOLS, &layout->symbols_paddr) != OK)
		return complain(complaint, "no memory for the symbols of bytes", symbols_size);
	if (take_pages(map, sizeof(struct boot_info), place, BOOT_RANGE_BOOT_INFO,
			&layout->boot_info_paddr) != OK)
		return complain(complaint, "no memory for boot_info of bytes", sizeof(struct boot_info));
	layout->tables_size = tables_bytes(layout);
	if (take_pages(
			map, layout->tables_size, place, BOOT_RANGE_PAGE_TABLES, &layout->tables_paddr) != OK)
		return complain(complaint, "no memory for page tables of bytes", layout->tables_size);
	return OK;
}

static enum paging_access segment_access(const struct kernel_segment *segment, bool is_image)
{
	if (segment->is_writable)
		return PAGING_WRITE;
	return segment->is_executable && is_image ? PAGING_KERNEL_EXECUTE : PAGING_READ;
}

static err_t map_kernel(const struct layout *layout, struct paging *paging)
{
	for (u32 i = 0; i < layout->image.segment_count; i++) {
		const struct kernel_segment *segment = &AT(layout->image.segments, i);
		u64 paddr = layout->kernel_paddr + segment->offset;
		u64 vaddr = layout->image.link_vaddr + layout->kernel_slide + segment->offset;
		TRY(paging_map(paging, vaddr, paddr, segment->size, segment_access(segment, true)));
		TRY(paging_map(paging, layout->direct_map_vaddr + paddr, paddr, segment->size,
			segment_access(segment, false)));
	}
	return OK;
}

static err_t map_memory(const struct layout *layout, struct paging *paging)
{
	struct boot_range run;
	for (u32 i = 0; next_run(&layout->map, &i, &run);)
		TRY(paging_map(paging, layout->direct_map_vaddr + run.base, run.base, run.size,
			direct_map_access(run.kind)));
	return OK;
}

err_t layout_map(const struct layout *layout, struct paging *paging, struct complaint *complaint)
{
	if (map_kernel(layout, paging) != OK)
		return complain(complaint, "cannot map the kernel, tables so far:", paging->used);
	if (map_memory(layout, paging) != OK)
		return complain(complaint, "cannot map memory, tables so far:", paging->used);
	u64 identity = layout->identity_paddr;
	if (paging_map(paging, identity, identity, PAGE_SIZE, PAGING_EXECUTE) != OK)
		return complain(complaint, "cannot map the trampoline at", identity);
	return OK;
}
