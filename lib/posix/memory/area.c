// SPDX-License-Identifier: MIT
// area.c - what an exec leaves of the old program's memory: nothing.
#include "lib/posix/memory/area.h"

#include "lib/base/bits.h"
#include "lib/posix/exec/space.h"
#include "lib/posix/memory/map.h"

void areas_start(struct area_state *areas, const struct exec_space *space)
{
	sources_close(areas);
	copies_close(areas);
	areas->break_start = areas->break_end = space->break_start;
	areas->break_mapped = align_up(space->break_start, PAGE_SIZE);
	areas->stack_low = space->stack_low;
	areas->stack_top = space->stack_top;
	areas->program_low = space->program.low;
	areas->program_end = space->program.end;
	areas->vdso = space->vdso;
	areas->starting = nullptr;
}
