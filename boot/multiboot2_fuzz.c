// SPDX-License-Identifier: MIT
// multiboot2_fuzz.c - any bytes as the information that GRUB left.
#include "boot/memory_map.h"
#include "boot/multiboot2.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct handover handover;
	static struct memory_map map;
	struct complaint complaint;
	physical_t memory = { 0x400, view_from(data, size) };
	handover = (struct handover){};
	if (multiboot2_parse(memory, 0x400, &handover, &complaint) == OK)
		(void)!memory_map_build(&map, &handover, &complaint);
	return 0;
}
