// SPDX-License-Identifier: MIT
// cpio_fuzz.c - any bytes: every view that the reader gives lies within them.
#include "lib/base/cpio.h"

#include "lib/base/test.h"

static void touch(view_t archive, view_t part)
{
	volatile u8 sum = 0;
	assert(part.size <= archive.size);
	for (usize i = 0; i < part.size; i++)
		sum += view_at(part, i);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	view_t archive = view_from(data, size);
	struct cpio cpio;
	struct cpio_entry entry;
	cpio_init(&cpio, archive);
	while (cpio_next(&cpio, &entry)) {
		touch(archive, entry.name);
		touch(archive, entry.data);
	}
	assert(cpio_problem_text(cpio.problem));
	(void)(cpio_find(archive, VIEW_TEXT("bin/init"), &entry) == OK);
	return 0;
}
