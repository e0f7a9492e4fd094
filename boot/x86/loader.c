// SPDX-License-Identifier: MIT
// loader.c - the loader from door to jump: firmware's information in, checked and copied; memory
// chosen; kernel loaded and relocated; page tables built; boot_info written; gone.
#include "boot/acpi.h"
#include "boot/layout.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "boot/x86/console.h"
#include "boot/x86/entropy.h"
#include "boot/x86/machine.h"
#include "lib/base/bits.h"

constexpr u32 PVH_DOOR = 0x00485650; // what entry.S puts in place of a magic number
constexpr u32 REACH_BASE = 0x400;    // the BIOS data area is the lowest that anyone reads
constexpr u32 REACH_END = 0xfffff000;
constexpr u32 CR4_PAE = 1 << 5;
constexpr u32 CR4_PGE = 1 << 7;

extern u64 entry_tsc; // entry.S
extern const u8 kernel_elf_start[], kernel_elf_end[];
extern const u8 kernel_symbols_start[], kernel_symbols_end[];
extern const u8 loader_image_start[], loader_image_end[], trampoline_page[];

// The loader runs once, on one CPU: these are too large for its stack.
static struct handover handover;
static struct layout layout;
static struct boot_info info;
static struct complaint complaint;

static void must(err_t err)
{
	if (err != OK)
		console_fail(complaint.text ? complaint.text : err_name(err), complaint.value);
}

static view_t view_between(const u8 *start, const u8 *end)
{
	return view_from(start, (uintptr_t)end - (uintptr_t)start);
}

static span_t span_at_paddr(u64 paddr, u64 size)
{
	UNSAFE_BEGIN("below 4 GiB, claimed in the memory map by the caller; no paging yet")
	return span_from((void *)(uintptr_t)paddr, (usize)size);
	UNSAFE_END
}

static physical_t reachable_memory(void)
{
	span_t bytes = span_at_paddr(REACH_BASE, REACH_END - REACH_BASE);
	return (physical_t){ REACH_BASE, span_view(bytes) };
}

static void read_handover(u32 door, u32 paddr)
{
	physical_t memory = reachable_memory();
	if (door == PVH_DOOR)
		must(pvh_parse(memory, paddr, &handover, &complaint));
	else if (door == MULTIBOOT2_DOOR)
		must(multiboot2_parse(memory, paddr, &handover, &complaint));
	else
		console_fail("neither PVH nor multiboot2, door", door);
	console_use_screen(handover.framebuffer.kind == BOOT_FRAMEBUFFER_TEXT);
}

static void claim_foreign(void)
{
	struct memory_map *map = &layout.map;
	u64 start = (uintptr_t)loader_image_start, end = (uintptr_t)loader_image_end;
	must(memory_map_build(map, &handover, &complaint));
	if (memory_map_claim(map, start, end - start, BOOT_RANGE_LOADER) != OK)
		console_fail("the loader is not in RAM, by the firmware's map, at", start);
	u64 image = handover.boot_image_paddr;
	u64 size = align_up((image & PAGE_MASK) + handover.boot_image_size, PAGE_SIZE);
	image = align_down(image, PAGE_SIZE);
	if (size && memory_map_claim(map, image, size, BOOT_RANGE_BOOT_IMAGE) != OK)
		console_fail("the boot image is not in free RAM, at", image);
}

// The kernel reads these by the direct map, which holds nothing that is only reserved.
static void keep_table(u64 paddr)
{
	view_t header;
	u32 size;
	if (!paddr)
		return;
	if (physical_view(reachable_memory(), paddr, 8, &header) != OK ||
		view_load(header, 4, span_of(size)) != OK ||
		memory_map_keep_table(&layout.map, paddr, size) != OK)
		console_fail("ACPI table in memory that has an owner, at", paddr);
}

static bool has_word(view_t line, view_t word)
{
	while (line.size) {
		usize size = view_find(line, ' ');
		if (view_equal(view_clamp(line, 0, size), word))
			return true;
		line = view_from_offset(line, size + 1);
	}
	return false;
}

static void choose_layout(void)
{
	struct entropy entropy;
	struct layout_choice choice = { .tables_place = UINT32_MAX };
	entropy_init(&entropy, &info);
	if (!has_word(view_cstring(handover.command_line), VIEW_TEXT("nokaslr"))) {
		choice.kernel_place = (u32)entropy_next(&entropy);
		choice.kernel_slide = (u32)entropy_next(&entropy);
		choice.direct_map = (u32)entropy_next(&entropy);
	}
	view_t symbols = view_between(kernel_symbols_start, kernel_symbols_end);
	layout.identity_paddr = (uintptr_t)trampoline_page;
	must(kernel_image_parse(
		view_between(kernel_elf_start, kernel_elf_end), &layout.image, &complaint));
	must(layout_choose(&layout, &choice, symbols.size, &complaint));
}

static void load_kernel(void)
{
	span_t memory = span_at_paddr(layout.kernel_paddr, layout.image.size);
	must(kernel_image_load(&layout.image, memory, layout.kernel_slide, &complaint));
	view_t symbols = view_between(kernel_symbols_start, kernel_symbols_end);
	must(span_copy(span_at_paddr(layout.symbols_paddr, symbols.size), symbols));
	info.symbols_paddr = layout.symbols_paddr;
	info.symbols_size = symbols.size;
}

static void fill_info(void)
{
	info.magic = BOOT_INFO_MAGIC;
	info.version = BOOT_INFO_VERSION;
	info.size = sizeof info;
	info.kernel_paddr = layout.kernel_paddr;
	info.kernel_size = layout.image.size;
	info.kernel_vaddr = layout.image.link_vaddr + layout.kernel_slide;
	info.kernel_slide = layout.kernel_slide;
	info.direct_map_vaddr = layout.direct_map_vaddr;
	info.direct_map_size = layout.direct_map_size;
	info.page_table_root_paddr = layout.tables_paddr;
	info.identity_page_paddr = layout.identity_paddr;
	info.cpu_start_paddr = layout.cpu_start_paddr;
	info.boot_image_paddr = handover.boot_image_paddr;
	info.boot_image_size = handover.boot_image_size;
	if (info.acpi_root_paddr)
		info.rsdp_paddr = layout.boot_info_paddr + offsetof(struct boot_info, rsdp);
	info.framebuffer = handover.framebuffer;
	info.range_count = layout.map.count;
	must(span_copy(span_of(info.ranges), view_of(layout.map.ranges)));
	must(span_copy(span_of(info.command_line), view_of(handover.command_line)));
}

static void enter_kernel(void)
{
	u64 paddr = layout.boot_info_paddr;
	must(span_copy(span_at_paddr(paddr, sizeof info), view_of(info)));
	trampoline_values = (struct trampoline_values){ .root = layout.tables_paddr,
		.entry = info.kernel_vaddr + layout.image.entry_offset,
		.boot_info = layout.direct_map_vaddr + paddr,
		.cr4 = CR4_PAE | CR4_PGE };
	trampoline_enter();
}

NORETURN void loader_main(u32 door, u32 paddr);

NORETURN void loader_main(u32 door, u32 paddr)
{
	struct paging paging;
	machine_init_exceptions();
	console_init();
	const char *missing = machine_missing();
	if (missing)
		console_fail(missing, 0);
	info.tsc_at_entry = entry_tsc;
	info.bsp_apic_id = machine_cpuid(1).ebx >> 24;
	read_handover(door, paddr);
	claim_foreign();
	must(acpi_parse(reachable_memory(), &handover, &info, &complaint));
	keep_table(info.dmar_paddr);
	keep_table(info.mcfg_paddr);
	choose_layout();
	load_kernel();
	span_t tables = span_at_paddr(layout.tables_paddr, layout.tables_size);
	must(paging_init(&paging, tables, layout.tables_paddr));
	must(layout_map(&layout, &paging, &complaint));
	must(memory_map_paint(&layout.map, layout.tables_paddr + paging.used,
		layout.tables_size - paging.used, BOOT_RANGE_USABLE));
	fill_info();
	enter_kernel();
	machine_halt();
}
