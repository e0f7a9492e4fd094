// SPDX-License-Identifier: MIT
// acpi_tables.c - MADT: processors and interrupt controllers; FADT: power-management timer and
// reset; HPET: timer. Manual: ACPI 6.5, sections 5.2.9 and 5.2.12; IA-PC HPET 1.0a, section 3.2.4.
#include "boot/acpi_local.h"
#include "lib/base/reader.h"

enum madt_entry : u8 {
	MADT_LOCAL_APIC = 0,
	MADT_IO_APIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LOCAL_APIC_ADDRESS = 5,
	MADT_LOCAL_X2APIC = 9,
};

enum gas_space : u8 {
	SPACE_MEMORY = 0,
	SPACE_IO = 1,
};

constexpr u32 CPU_ENABLED = 1;
constexpr u32 CPU_ONLINE_CAPABLE = 2;
constexpr u32 MADT_HAS_PICS = 1;
constexpr u32 FADT_TIMER_IS_32BIT = 1 << 8;
constexpr u32 FADT_HAS_RESET = 1 << 10;

// CPUs beyond our table stay asleep.
static void add_cpu(struct boot_info *info, u32 apic_id, u32 flags)
{
	if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE)) || info->cpu_count >= BOOT_CPUS_MAX)
		return;
	AT(info->cpus, info->cpu_count) =
		(struct boot_cpu){ .apic_id = apic_id, .enabled = flags & CPU_ENABLED };
	info->cpu_count++;
}

static err_t parse_local_apic(reader_t entry, struct boot_info *info)
{
	u8 uid, apic_id;
	u32 flags;
	TRY(reader_take_u8(&entry, &uid));
	TRY(reader_take_u8(&entry, &apic_id));
	TRY(reader_take_u32(&entry, &flags));
	add_cpu(info, apic_id, flags);
	return OK;
}

static err_t parse_local_x2apic(reader_t entry, struct boot_info *info)
{
	u32 apic_id, flags;
	TRY(reader_skip(&entry, 2));
	TRY(reader_take_u32(&entry, &apic_id));
	TRY(reader_take_u32(&entry, &flags));
	add_cpu(info, apic_id, flags);
	return OK;
}

static err_t parse_io_apic(reader_t entry, struct boot_info *info, struct complaint *complaint)
{
	u8 id;
	u32 paddr, gsi_base;
	TRY(reader_take_u8(&entry, &id));
	TRY(reader_skip(&entry, 1));
	TRY(reader_take_u32(&entry, &paddr));
	TRY(reader_take_u32(&entry, &gsi_base));
	if (info->ioapic_count >= BOOT_IOAPICS_MAX)
		return complain(complaint, "ACPI: more I/O APICs than", BOOT_IOAPICS_MAX);
	AT(info->ioapics, info->ioapic_count) =
		(struct boot_ioapic){ .paddr = paddr, .gsi_base = gsi_base, .id = id };
	info->ioapic_count++;
	return OK;
}

// ISA is active high and edge triggered unless the flags say otherwise (0: as the bus, 3: other).
static err_t parse_override(reader_t entry, struct boot_info *info, struct complaint *complaint)
{
	u8 bus, irq;
	u32 gsi;
	u16 flags;
	TRY(reader_take_u8(&entry, &bus));
	TRY(reader_take_u8(&entry, &irq));
	TRY(reader_take_u32(&entry, &gsi));
	TRY(reader_take_u16(&entry, &flags));
	if (bus || irq > 15)
		return complain(complaint, "ACPI: override of an interrupt that is not ISA:", irq);
	if (info->override_count >= BOOT_OVERRIDES_MAX)
		return complain(complaint, "ACPI: more interrupt overrides than", BOOT_OVERRIDES_MAX);
	AT(info->overrides, info->override_count) = (struct boot_override){ .isa_irq = irq,
		.gsi = gsi,
		.active_low = (flags & 3) == 3,
		.level_triggered = (flags >> 2 & 3) == 3 };
	info->override_count++;
	return OK;
}

static err_t parse_madt_entry(
	u8 type, reader_t entry, struct boot_info *info, struct complaint *complaint)
{
	if (type == MADT_LOCAL_APIC)
		return parse_local_apic(entry, info);
	if (type == MADT_LOCAL_X2APIC)
		return parse_local_x2apic(entry, info);
	if (type == MADT_IO_APIC)
		return parse_io_apic(entry, info, complaint);
	if (type == MADT_OVERRIDE)
		return parse_override(entry, info, complaint);
	if (type == MADT_LOCAL_APIC_ADDRESS) {
		TRY(reader_skip(&entry, 2));
		return reader_take_u64(&entry, &info->local_apic_paddr);
	}
	return OK;
}

err_t acpi_parse_madt(view_t table, struct boot_info *info, struct complaint *complaint)
{
	reader_t reader = { table, ACPI_HEADER_BYTES };
	u32 local_apic, flags;
	if (info->cpu_count)
		return complain(complaint, "ACPI: a second MADT, CPUs so far:", info->cpu_count);
	if (reader_take_u32(&reader, &local_apic) != OK || reader_take_u32(&reader, &flags) != OK)
		return complain(complaint, "ACPI: MADT too short:", table.size);
	info->local_apic_paddr = local_apic;
	info->has_legacy_pics = flags & MADT_HAS_PICS;
	while (reader_left(&reader) >= 2) {
		u8 type, size;
		view_t body;
		TRY(reader_take_u8(&reader, &type));
		TRY(reader_take_u8(&reader, &size));
		if (size < 2 || reader_take(&reader, size - 2u, &body) != OK)
			return complain(complaint, "ACPI: MADT entry of impossible size, type", type);
		complaint->text = "";
		err_t err = parse_madt_entry(type, reader_of_view(body), info, complaint);
		if (err != OK)
			return *complaint->text ? err
			                        : complain(complaint, "ACPI: short MADT entry, type", type);
	}
	return OK;
}

struct gas {
	u8 space;
	u64 address;
};

// ERR_RANGE: the table, an older one, ends before it.
static err_t load_gas(view_t table, usize offset, struct gas *gas)
{
	struct gas loaded;
	TRY(view_load(table, offset, span_of(loaded.space)));
	TRY(view_load(table, offset + 4, span_of(loaded.address)));
	*gas = loaded;
	return OK;
}

static void find_reset(view_t table, u32 flags, struct boot_info *info)
{
	struct gas reset;
	u8 value;
	if (!(flags & FADT_HAS_RESET) || load_gas(table, 116, &reset) != OK ||
		view_load(table, 128, span_of(value)) != OK)
		return;
	if (reset.space != SPACE_IO || !reset.address || reset.address > 0xffff)
		return;
	info->reset_port = (u32)reset.address;
	info->reset_value = value;
}

err_t acpi_parse_fadt(view_t table, struct boot_info *info, struct complaint *complaint)
{
	u32 port, flags;
	u8 port_bytes;
	if (view_load(table, 76, span_of(port)) != OK || view_load(table, 91, span_of(port_bytes)) ||
		view_load(table, 112, span_of(flags)) != OK)
		return complain(complaint, "ACPI: FADT too short:", table.size);
	struct gas wide;
	if (load_gas(table, 208, &wide) == OK && wide.space == SPACE_IO && wide.address)
		port = wide.address <= 0xffff ? (u32)wide.address : port;
	if (port_bytes == 4 && port <= 0xfffc) {
		info->pm_timer_port = port;
		info->pm_timer_is_32bit = !!(flags & FADT_TIMER_IS_32BIT);
	}
	find_reset(table, flags, info);
	return OK;
}

err_t acpi_parse_hpet(view_t table, struct boot_info *info, struct complaint *complaint)
{
	struct gas base;
	if (load_gas(table, 40, &base) != OK)
		return complain(complaint, "ACPI: HPET table too short:", table.size);
	if (base.space == SPACE_MEMORY && !info->hpet_paddr)
		info->hpet_paddr = base.address;
	return OK;
}
