// SPDX-License-Identifier: MIT
// kernel_image_fuzz.c - any bytes as the kernel's file. What is accepted is loaded, too.
#include <stdlib.h>

#include "boot/kernel_image.h"
#include "lib/base/test.h"

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct kernel_image image;
	struct complaint complaint;
	if (kernel_image_parse(view_from(data, size), &image, &complaint) != OK || image.size > 1 << 20)
		return 0;
	u8 *memory = malloc(image.size);
	if (memory)
		(void)!kernel_image_load(&image, span_from(memory, image.size), 0x40000000, &complaint);
	free(memory);
	return 0;
}
