// SPDX-License-Identifier: MIT
// acpi.c - from the root pointer (RSDP) over the root table (XSDT or RSDT) to the tables we know.
// Manual: ACPI 6.5, sections 5.2.5 to 5.2.8.
#include "boot/acpi.h"

#include "boot/acpi_local.h"
#include "lib/base/reader.h"

constexpr u32 RSDP_OLD_BYTES = 20;
constexpr u32 RSDP_NEW_BYTES = 36;
constexpr u32 TABLE_BYTES_MAX = 1024 * 1024;
constexpr u32 TABLES_MAX = 256;

struct rsdp {
	u8 signature[8];
	u8 checksum;
	u8 oem[6];
	u8 revision;
	u32 rsdt_paddr;
	u32 size; // from here on: revision 2
	u32 xsdt_paddr_low;
	u32 xsdt_paddr_high;
	u8 new_checksum;
	u8 zero[3];
};
static_assert(sizeof(struct rsdp) == RSDP_NEW_BYTES);

static u8 sum(view_t bytes)
{
	u32 total = 0;
	for (usize i = 0; i < bytes.size; i++)
		total += view_at(bytes, i);
	return (u8)total;
}

static bool is_rsdp(view_t bytes)
{
	return bytes.size >= RSDP_OLD_BYTES && view_starts_with(bytes, VIEW_TEXT("RSD PTR ")) &&
	       !sum(view_clamp(bytes, 0, RSDP_OLD_BYTES));
}

static view_t scan_for_rsdp(physical_t memory, u64 start, u64 size)
{
	for (u64 at = 0; at < size; at += 16) {
		view_t here = physical_clamp(memory, start + at, RSDP_NEW_BYTES);
		if (is_rsdp(here))
			return here;
	}
	return (view_t){};
}

// On a BIOS it is in the first KiB of the extended BIOS data area or in the BIOS itself.
static view_t search_bios(physical_t memory)
{
	u16 segment = 0;
	view_t pointer = physical_clamp(memory, 0x40e, sizeof segment);
	if (view_load(pointer, 0, span_of(segment)) != OK)
		segment = 0;
	view_t found = {};
	if (segment >= 0x400)
		found = scan_for_rsdp(memory, (u64)segment << 4, 1024);
	return found.size ? found : scan_for_rsdp(memory, 0xe0000, 0x20000);
}

static view_t find_rsdp(physical_t memory, const struct handover *handover)
{
	if (handover->rsdp.size)
		return handover->rsdp;
	if (handover->rsdp_paddr)
		return physical_clamp(memory, handover->rsdp_paddr, RSDP_NEW_BYTES);
	return search_bios(memory);
}

static err_t parse_rsdp(view_t bytes, struct boot_info *info, struct complaint *complaint)
{
	if (!is_rsdp(bytes))
		return complain(complaint, "ACPI: bad root pointer, bytes:", bytes.size);
	struct rsdp rsdp = {};
	bool is_new = view_at(bytes, 15) >= 2 && bytes.size >= RSDP_NEW_BYTES;
	usize size = is_new ? RSDP_NEW_BYTES : RSDP_OLD_BYTES;
	TRY(span_copy(span_of(rsdp), view_clamp(bytes, 0, size)));
	u64 xsdt = (u64)rsdp.xsdt_paddr_high << 32 | rsdp.xsdt_paddr_low;
	if (is_new && sum(view_clamp(bytes, 0, RSDP_NEW_BYTES)))
		return complain(complaint, "ACPI: wrong checksum of the root pointer", rsdp.new_checksum);
	info->acpi_revision = rsdp.revision;
	info->acpi_root_is_xsdt = is_new && xsdt;
	info->acpi_root_paddr = info->acpi_root_is_xsdt ? xsdt : rsdp.rsdt_paddr;
	return span_copy(span_of(info->rsdp), view_clamp(bytes, 0, size));
}

// A whole table whose length and checksum are right.
static err_t table_view(physical_t memory, u64 paddr, view_t *table, struct complaint *complaint)
{
	view_t header;
	u32 size;
	if (physical_view(memory, paddr, ACPI_HEADER_BYTES, &header) != OK)
		return complain(complaint, "ACPI: table outside of reachable memory, at", paddr);
	TRY(view_load(header, 4, span_of(size)));
	if (size < ACPI_HEADER_BYTES || size > TABLE_BYTES_MAX ||
		physical_view(memory, paddr, size, table) != OK)
		return complain(complaint, "ACPI: table of impossible size, at", paddr);
	if (sum(*table))
		return complain(complaint, "ACPI: wrong checksum of the table at", paddr);
	return OK;
}

// The table that the root lists at this address, if it is one that we know.
static err_t parse_table(
	physical_t memory, u64 paddr, struct boot_info *info, struct complaint *complaint)
{
	view_t signature = physical_clamp(memory, paddr, 4);
	bool is_madt = view_equal(signature, VIEW_TEXT("APIC"));
	bool is_fadt = view_equal(signature, VIEW_TEXT("FACP"));
	bool is_hpet = view_equal(signature, VIEW_TEXT("HPET"));
	bool is_dmar = view_equal(signature, VIEW_TEXT("DMAR"));
	bool is_mcfg = view_equal(signature, VIEW_TEXT("MCFG"));
	if (!is_madt && !is_fadt && !is_hpet && !is_dmar && !is_mcfg)
		return OK;
	view_t table;
	TRY(table_view(memory, paddr, &table, complaint));
	if (is_dmar)
		info->dmar_paddr = paddr;
	if (is_mcfg)
		info->mcfg_paddr = paddr;
	if (is_fadt)
		return acpi_parse_fadt(table, info, complaint);
	if (is_hpet)
		return acpi_parse_hpet(table, info, complaint);
	return is_madt ? acpi_parse_madt(table, info, complaint) : OK;
}

static err_t parse_root(physical_t memory, struct boot_info *info, struct complaint *complaint)
{
	view_t table;
	TRY(table_view(memory, info->acpi_root_paddr, &table, complaint));
	view_t name = info->acpi_root_is_xsdt ? VIEW_TEXT("XSDT") : VIEW_TEXT("RSDT");
	if (!view_starts_with(table, name))
		return complain(complaint, "ACPI: no root table at", info->acpi_root_paddr);
	usize entry_size = info->acpi_root_is_xsdt ? 8 : 4;
	reader_t reader = { table, ACPI_HEADER_BYTES };
	if (reader_left(&reader) > TABLES_MAX * entry_size)
		return complain(complaint, "ACPI: more tables than", TABLES_MAX);
	while (reader_left(&reader) >= entry_size) {
		u64 paddr;
		TRY(reader_take_number(&reader, entry_size, &paddr));
		TRY(parse_table(memory, paddr, info, complaint));
	}
	return OK;
}

err_t acpi_parse(physical_t memory, const struct handover *handover, struct boot_info *info,
	struct complaint *complaint)
{
	view_t rsdp = find_rsdp(memory, handover);
	info->has_legacy_pics = true;
	if (rsdp.size) {
		TRY(parse_rsdp(rsdp, info, complaint));
		TRY(parse_root(memory, info, complaint));
	}
	if (!info->cpu_count) {
		info->cpus[0] = (struct boot_cpu){ .apic_id = info->bsp_apic_id, .enabled = 1 };
		info->cpu_count = 1;
	}
	return OK;
}
