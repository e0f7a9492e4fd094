// SPDX-License-Identifier: MIT
// vt_fuzz.c - any bytes: the cursor stays on the screen, the region within it.
#include "drivers/display/console/vt/vt.h"
#include "lib/base/test.h"

static void answer(void *self, view_t bytes)
{
	(void)self;
	assert(bytes.size < 24);
}

static void bell(void *self)
{
	(void)self;
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct vt vt;
	const struct vt_host host = { &vt, answer, bell };
	view_t input = view_from(data, size);
	vt_init(&vt, 20, 6);
	for (usize i = 0; i < input.size; i++) {
		vt_write(&vt, &host, view_at(input, i));
		assert(vt_check(&vt, 20, 6));
	}
	return 0;
}
