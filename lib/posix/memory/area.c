// SPDX-License-Identifier: MIT
// area.c - what an exec leaves of the old program's memory: nothing.
#include "lib/posix/memory/area.h"

#include "lib/base/bits.h"
#include "lib/posix/exec/space.h"
#include "lib/posix/memory/map.h"

static struct area_program area_program(const struct loaded *loaded)
{
	return (struct area_program){ .low = loaded->low,
		.end = loaded->end,
		.data = loaded->data,
		.data_offset = loaded->data_offset,
		.file = loaded->file };
}

void areas_start(struct area_state *areas, const struct exec_space *space)
{
	sources_close(areas);
	shown_close(areas);
	locked_close(areas);
	grows_close(areas);
	areas->break_start = areas->break_end = space->break_start;
	areas->break_mapped = align_up(space->break_start, PAGE_SIZE);
	areas->stack_low = space->stack_low;
	areas->stack_top = space->stack_top;
	areas->program = area_program(&space->program);
	areas->loader = area_program(&space->loader);
	areas->vdso = space->vdso;
	areas->starting = nullptr;
	areas->barriers = 0;
}
