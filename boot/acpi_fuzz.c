// SPDX-License-Identifier: MIT
// acpi_fuzz.c - any bytes as firmware memory; and, as checksums stop most of that, any bytes as the
// contents of each table.
#include "boot/acpi_local.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct handover handover;
	static struct boot_info info;
	struct complaint complaint;
	view_t bytes = view_from(data, size);
	info = (struct boot_info){};
	handover = (struct handover){ .rsdp_paddr = 0x400 };
	(void)!acpi_parse((physical_t){ 0x400, bytes }, &handover, &info, &complaint);
	if (size < ACPI_HEADER_BYTES)
		return 0;
	info = (struct boot_info){};
	(void)!acpi_parse_madt(bytes, &info, &complaint);
	(void)!acpi_parse_fadt(bytes, &info, &complaint);
	(void)!acpi_parse_hpet(bytes, &info, &complaint);
	return 0;
}
