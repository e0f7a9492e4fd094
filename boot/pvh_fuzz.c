// SPDX-License-Identifier: MIT
// pvh_fuzz.c - any bytes as memory that holds a start info at its beginning, and a map of any
// ranges that it reports.
#include "boot/memory_map.h"
#include "boot/pvh.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct handover handover;
	static struct memory_map map;
	struct complaint complaint;
	physical_t memory = { 0x400, view_from(data, size) };
	handover = (struct handover){};
	if (pvh_parse(memory, 0x400, &handover, &complaint) == OK)
		(void)!memory_map_build(&map, &handover, &complaint);
	return 0;
}
