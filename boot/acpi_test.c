// SPDX-License-Identifier: MIT
// acpi_test.c - a small machine's tables by hand; then wrong checksums, sizes and addresses.
#include "boot/acpi.h"
#include "boot/test_bytes.h"
#include "lib/base/test.h"

constexpr u64 RSDP = 0x1000;
constexpr u64 XSDT = 0x1100;
constexpr u64 MADT = 0x2000;
constexpr u64 FADT = 0x3000;
constexpr u64 HPET = 0x4000;
constexpr u64 DMAR = 0x5000;
constexpr u32 MADT_SIZE = 44 + 8 + 8 + 12 + 10 + 16;
constexpr u32 FADT_SIZE = 244;

static struct test_memory memory;
static struct handover handover;
static struct boot_info info;
static struct complaint complaint;

static void finish_table(u64 paddr, const char *name, u32 size)
{
	test_put_text(&memory, paddr, name);
	test_put(&memory, paddr + 4, size, 4);
	test_put_checksum(&memory, paddr, size, paddr + 9);
}

static void fill_madt(void)
{
	u64 at = MADT + 44;
	test_put(&memory, MADT + 36, 0xfee00000, 4);
	test_put(&memory, MADT + 40, 1, 4);
	test_put(&memory, at, 0x00000001'07'00'08'00, 8);     // local APIC 7, enabled
	test_put(&memory, at + 8, 0x00000000'09'01'08'00, 8); // 9: not there
	test_put(&memory, at + 16, 0x02'0c'01, 4);            // I/O APIC
	test_put(&memory, at + 18, 2, 1);
	test_put(&memory, at + 20, 0xfec00000, 4);
	test_put(&memory, at + 24, 24, 4);
	test_put(&memory, at + 28, 0x09'00'0a'02, 4); // override of IRQ 9
	test_put(&memory, at + 32, 20, 4);
	test_put(&memory, at + 36, 0xf, 2);
	test_put(&memory, at + 38, 0x10'09, 2); // x2APIC 300, online capable
	test_put(&memory, at + 42, 300, 4);
	test_put(&memory, at + 46, 2, 4);
	finish_table(MADT, "APIC", MADT_SIZE);
}

static void fill(void)
{
	memory = (struct test_memory){};
	info = (struct boot_info){};
	handover = (struct handover){ .rsdp_paddr = RSDP };
	test_put_text(&memory, RSDP, "RSD PTR ");
	test_put(&memory, RSDP + 15, 2, 1);
	test_put(&memory, RSDP + 20, 36, 4);
	test_put(&memory, RSDP + 24, XSDT, 8);
	test_put_checksum(&memory, RSDP, 20, RSDP + 8);
	test_put_checksum(&memory, RSDP, 36, RSDP + 32);
	test_put(&memory, XSDT + 36, MADT, 8);
	test_put(&memory, XSDT + 44, FADT, 8);
	test_put(&memory, XSDT + 52, HPET, 8);
	test_put(&memory, XSDT + 60, DMAR, 8);
	finish_table(XSDT, "XSDT", 36 + 4 * 8);
	fill_madt();
	test_put(&memory, FADT + 76, 0x608, 4);
	test_put(&memory, FADT + 91, 4, 1);
	test_put(&memory, FADT + 112, 0x500, 4);
	test_put(&memory, FADT + 116, 1, 1);
	test_put(&memory, FADT + 120, 0xcf9, 8);
	test_put(&memory, FADT + 128, 6, 1);
	finish_table(FADT, "FACP", FADT_SIZE);
	test_put(&memory, HPET + 44, 0xfed00000, 8);
	finish_table(HPET, "HPET", 56);
	finish_table(DMAR, "DMAR", 48);
}

static err_t parse(void)
{
	return acpi_parse(test_physical(&memory), &handover, &info, &complaint);
}

static void check_all(void)
{
	CHECK_EQ(info.local_apic_paddr, 0xfee00000u);
	CHECK_EQ(info.has_legacy_pics, 1u);
	CHECK_EQ(info.cpu_count, 2u);
	CHECK_EQ(info.cpus[0].apic_id, 7u);
	CHECK_EQ(info.cpus[0].enabled, 1u);
	CHECK_EQ(info.cpus[1].apic_id, 300u);
	CHECK_EQ(info.cpus[1].enabled, 0u);
	CHECK_EQ(info.ioapic_count, 1u);
	CHECK_EQ(info.ioapics[0].paddr, 0xfec00000u);
	CHECK_EQ(info.ioapics[0].gsi_base, 24u);
	CHECK_EQ(info.ioapics[0].id, 2u);
	CHECK_EQ(info.override_count, 1u);
	CHECK_EQ(info.overrides[0].isa_irq, 9u);
	CHECK_EQ(info.overrides[0].gsi, 20u);
	CHECK_EQ(info.overrides[0].active_low, 1u);
	CHECK_EQ(info.overrides[0].level_triggered, 1u);
	CHECK_EQ(info.pm_timer_port, 0x608u);
	CHECK_EQ(info.pm_timer_is_32bit, 1u);
	CHECK_EQ(info.reset_port, 0xcf9u);
	CHECK_EQ(info.reset_value, 6u);
	CHECK_EQ(info.hpet_paddr, 0xfed00000u);
	CHECK_EQ(info.dmar_paddr, DMAR);
}

TEST(acpi_tables_by_xsdt)
{
	fill();
	REQUIRE_OK(parse());
	check_all();
	CHECK_EQ(info.acpi_root_paddr, XSDT);
}

TEST(acpi_tables_by_rsdt_of_an_old_machine)
{
	fill();
	test_put(&memory, RSDP + 15, 0, 1);
	test_put(&memory, RSDP + 16, 0x1400, 4);
	test_put_checksum(&memory, RSDP, 20, RSDP + 8);
	test_put(&memory, 0x1400 + 36, MADT, 4);
	test_put(&memory, 0x1400 + 40, FADT, 4);
	test_put(&memory, 0x1400 + 44, HPET, 4);
	test_put(&memory, 0x1400 + 48, DMAR, 4);
	finish_table(0x1400, "RSDT", 36 + 4 * 4);
	REQUIRE_OK(parse());
	check_all();
}

TEST(acpi_root_pointer_found_in_the_bios_data_area)
{
	fill();
	handover.rsdp_paddr = 0;
	test_put(&memory, 0x40e, 0x600, 2);
	for (u32 i = 0; i < 36; i++)
		test_put(&memory, 0x6010 + i, memory.bytes[RSDP - TEST_MEMORY_BASE + i], 1);
	REQUIRE_OK(parse());
	check_all();
}

TEST(acpi_none_means_one_cpu)
{
	fill();
	handover.rsdp_paddr = 0;
	info.bsp_apic_id = 5;
	REQUIRE_OK(parse());
	CHECK_EQ(info.cpu_count, 1u);
	CHECK_EQ(info.cpus[0].apic_id, 5u);
	CHECK_EQ(info.acpi_root_paddr, 0u);
}

static void check_bad(u64 paddr, u64 value, usize size, u64 table, u32 table_size)
{
	fill();
	test_put(&memory, paddr, value, size);
	if (table)
		test_put_checksum(&memory, table, table_size, table + 9);
	complaint = (struct complaint){};
	CHECK_EQ(parse(), ERR_CORRUPT);
	CHECK(complaint.text && *complaint.text);
}

TEST(acpi_wrong_checksums_are_refused)
{
	check_bad(RSDP + 9, 1, 1, 0, 0);
	check_bad(RSDP + 33, 1, 1, 0, 0);
	check_bad(XSDT + 20, 1, 1, 0, 0);
	check_bad(MADT + 20, 1, 1, 0, 0);
	check_bad(FADT + 20, 1, 1, 0, 0);
	check_bad(HPET + 20, 1, 1, 0, 0);
	check_bad(DMAR + 20, 1, 1, 0, 0);
}

TEST(acpi_bad_sizes_and_addresses_are_refused)
{
	check_bad(XSDT, 'Y', 1, XSDT, 36 + 4 * 8);
	check_bad(XSDT + 4, 35, 4, 0, 0);
	check_bad(MADT + 4, UINT32_MAX, 4, 0, 0);
	check_bad(MADT + 4, 36, 4, MADT, 36);
	check_bad(MADT + 45, 1, 1, MADT, MADT_SIZE);   // entry smaller than its header
	check_bad(MADT + 45, 3, 1, MADT, MADT_SIZE);   // shorter than its type needs
	check_bad(MADT + 45, 255, 1, MADT, MADT_SIZE); // longer than the table
	check_bad(FADT + 4, 80, 4, FADT, 80);
	check_bad(HPET + 4, 40, 4, HPET, 40);
	check_bad(XSDT + 36, FADT, 8, 0, 0);
}

TEST(acpi_unreachable_root)
{
	fill();
	test_put(&memory, RSDP + 24, 1ull << 40, 8);
	test_put_checksum(&memory, RSDP, 36, RSDP + 32);
	CHECK_EQ(parse(), ERR_CORRUPT);
}
