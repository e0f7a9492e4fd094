// SPDX-License-Identifier: MIT
// main.c - a kernel that only looks at what the loader gave it, prints it, and says by QEMU's exit
// status whether it was right (33) or not (35).
#include "boot/boot_info.h"
#include "boot/test/output.h"
#include "boot/test/tables.h"

extern const u8 kernel_image_start[], kernel_image_end[], kernel_entry[];

// A pointer in data: right only if the loader relocated it.
static const u8 *const volatile relocated_constant = kernel_image_start;
static const u8 *volatile relocated_data = kernel_image_end;

static u32 failures;

static void check(bool is_good, const char *what)
{
	if (is_good)
		return;
	output_text("FAILED: ");
	output_text(what);
	output_text("\n");
	failures++;
}

static u64 read_cr4(void)
{
	u64 value;
	__asm__ volatile("movq %%cr4, %0" : "=r"(value));
	return value;
}

static void print_ranges(const struct boot_info *info)
{
	for (u32 i = 0; i < info->range_count; i++) {
		struct boot_range range = AT(info->ranges, i);
		output_number("range ", range.base);
		output_number(" size ", range.size);
		output_number(" kind ", range.kind);
		output_text("\n");
	}
}

static void print_machine(const struct boot_info *info)
{
	output_number("rsdp ", info->rsdp_paddr);
	output_number(" root ", info->acpi_root_paddr);
	output_number(" local apic ", info->local_apic_paddr);
	output_number(" hpet ", info->hpet_paddr);
	output_number(" dmar ", info->dmar_paddr);
	output_number(" mcfg ", info->mcfg_paddr);
	output_number(" pm timer ", info->pm_timer_port);
	output_number(" 32bit ", info->pm_timer_is_32bit);
	output_number(" reset ", info->reset_port);
	output_number(" pics ", info->has_legacy_pics);
	output_number("\ncpus ", info->cpu_count);
	output_number(" bsp ", info->bsp_apic_id);
	for (u32 i = 0; i < info->cpu_count; i++) {
		output_number(" apic ", AT(info->cpus, i).apic_id);
		output_number(":", AT(info->cpus, i).enabled);
	}
	for (u32 i = 0; i < info->ioapic_count; i++)
		output_number("\nioapic ", AT(info->ioapics, i).paddr);
	for (u32 i = 0; i < info->override_count; i++) {
		struct boot_override override = AT(info->overrides, i);
		output_number("\nisa irq ", override.isa_irq);
		output_number(" gsi ", override.gsi);
		output_number(" low ", override.active_low);
		output_number(" level ", override.level_triggered);
	}
	output_text("\n");
}

static void print_software(const struct boot_info *info)
{
	output_number("kernel ", info->kernel_paddr);
	output_number(" at ", info->kernel_vaddr);
	output_number(" size ", info->kernel_size);
	output_number(" direct map ", info->direct_map_vaddr);
	output_number(" size ", info->direct_map_size);
	output_number("\nboot image ", info->boot_image_paddr);
	output_number(" size ", info->boot_image_size);
	output_number(" symbols ", info->symbols_paddr);
	output_number(" size ", info->symbols_size);
	output_number(" cpu start ", info->cpu_start_paddr);
	output_number("\nscreen ", info->framebuffer.paddr);
	output_number(" kind ", info->framebuffer.kind);
	output_number(" width ", info->framebuffer.width);
	output_number(" height ", info->framebuffer.height);
	output_number(" bits ", info->framebuffer.bits_per_pixel);
	output_number(" pitch ", info->framebuffer.pitch);
	output_number(" rdrand ", info->entropy_has_rdrand);
	output_number(" entropy ", info->entropy[0]);
	output_text("\ncommand line: ");
	output_text(info->command_line);
	output_text("\n");
}

// The tables whose addresses boot_info names can be read by the direct map.
static void check_acpi(const struct boot_info *info)
{
	view_t dmar = view_from((const void *)(info->direct_map_vaddr + info->dmar_paddr), 4);
	view_t mcfg = view_from((const void *)(info->direct_map_vaddr + info->mcfg_paddr), 4);
	view_t rsdp = view_from((const void *)(info->direct_map_vaddr + info->rsdp_paddr), 8);
	check(!info->dmar_paddr || view_equal(dmar, VIEW_TEXT("DMAR")), "DMAR table");
	check(!info->mcfg_paddr || view_equal(mcfg, VIEW_TEXT("MCFG")), "MCFG table");
	check(!info->rsdp_paddr || view_equal(rsdp, VIEW_TEXT("RSD PTR ")), "copy of the RSDP");
}

static void check_tables(const struct boot_info *info)
{
	struct tables_count count = tables_walk(info);
	output_number("pages small ", count.small_pages);
	output_number(" large ", count.large_pages);
	output_number(" identity ", count.identity_pages);
	output_text("\n");
	check(count.identity_pages == 1 && !count.bad_identity, "one identity page, R-X");
	check(!count.writable_executable, "no page writable and executable");
	check(!count.executable_outside_text, "only kernel text is executable");
	check(!count.alias_of_constant, "no writable alias of kernel constants");
}

static void check_ranges(const struct boot_info *info)
{
	u64 end = 0;
	for (u32 i = 0; i < info->range_count; i++) {
		struct boot_range range = AT(info->ranges, i);
		check(range.base >= end && range.size, "ranges ascend without overlap");
		check(!((range.base | range.size) & PAGE_MASK), "ranges are whole pages");
		end = range.base + range.size;
	}
}

// The table must hold kernel_entry at the start of the image, and end inside itself.
static void check_symbols(const struct boot_info *info)
{
	view_t table =
		view_from((const void *)(info->direct_map_vaddr + info->symbols_paddr), info->symbols_size);
	u32 count = 0, first[2] = {};
	check(view_load(table, 0, span_of(count)) == OK && count > 3, "symbol count");
	check(view_load(table, 4, span_of(first)) == OK && !first[0], "first symbol at the start");
	view_t name = view_from_offset(table, first[1]);
	view_t text = view_clamp(name, 0, view_find(name, 0));
	check(view_equal(text, VIEW_TEXT("kernel_entry")), "first symbol is kernel_entry");
}

NORETURN void test_main(const struct boot_info *info);

NORETURN void test_main(const struct boot_info *info)
{
	output_text("test kernel\n");
	check(info->magic == BOOT_INFO_MAGIC && info->version == BOOT_INFO_VERSION &&
			  info->size == sizeof *info,
		"boot_info magic, version, size");
	print_ranges(info);
	print_machine(info);
	print_software(info);
	check(info->kernel_vaddr == (u64)kernel_image_start, "kernel_vaddr");
	check((u64)relocated_constant == info->kernel_vaddr, "RELATIVE relocation of a constant");
	check((u64)relocated_data == info->kernel_vaddr + info->kernel_size, "relocation of data");
	check(!(read_cr4() >> 12 & 1), "four-level paging");
	check_ranges(info);
	check_symbols(info);
	check_acpi(info);
	check_tables(info);
	output_text(failures ? "test kernel: FAILED\n" : "test kernel: all right\n");
	output_exit(failures ? 17 : 16);
}
