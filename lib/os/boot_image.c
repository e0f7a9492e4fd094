// SPDX-License-Identifier: MIT
// boot_image.c - see boot_image.h.
#include "lib/os/boot_image.h"

#include "abi/info.h"
#include "lib/base/cpio.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

err_t boot_image(view_t *out)
{
	static view_t image; // written once
	struct memory_info info = {};
	u64 size, address;
	handle_t memory = start_handle("boot");
	if (image.size) {
		*out = image;
		return OK;
	}
	if (!memory.raw)
		return ERR_NOT_FOUND;
	TRY(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &size));
	TRY(memory_map(
		HANDLE_NONE, memory, 0, info.size, 0, MAP_FLAGS_READ | MAP_FLAGS_SHARED, &address));
	UNSAFE_BEGIN("the kernel mapped the image there")
	image = view_from((const void *)address, info.size);
	UNSAFE_END
	*out = image;
	return OK;
}

err_t boot_file(const char *path, view_t *out)
{
	view_t image;
	struct cpio_entry entry;
	TRY(boot_image(&image));
	TRY(cpio_find(image, view_cstring(path), &entry));
	*out = entry.data;
	return OK;
}
