// SPDX-License-Identifier: MIT
// boot_image.c - maps the archive once and looks files up in it. The archive is not trusted.
#include "servers/root/boot_image.h"

#include "lib/base/checked.h"
#include "lib/base/cpio.h"
#include "lib/os/process.h"
#include "os/syscalls.h"
#include "servers/root/start.h"

static view_t archive; // written once by boot_image_open

static err_t map(u64 *address)
{
	u64 size;
	TRY(checked_add(root_boot_image_offset(), root_boot_image_size(), &size));
	TRY(checked_align_up(size, PAGE_SIZE, &size));
	return memory_map(
		HANDLE_NONE, start_handle("boot"), 0, size, 0, MAP_FLAGS_READ | MAP_FLAGS_SHARED, address);
}

err_t boot_image_open(void)
{
	u64 address;
	if (!start_handle("boot").raw) {
		print("root: the loader gave no boot image\n");
		return ERR_STATE;
	}
	err_t err = map(&address);
	if (err != OK) {
		print("root: the boot image cannot be mapped: %e\n", err);
		return err;
	}
	UNSAFE_BEGIN("the kernel mapped the archive there")
	archive = view_from((const void *)(address + root_boot_image_offset()), root_boot_image_size());
	UNSAFE_END
	return OK;
}

static view_t without_slashes(view_t path)
{
	while (view_starts_with(path, VIEW_TEXT("/")))
		path = view_from_offset(path, 1);
	return path;
}

err_t boot_image_find(view_t path, view_t *out)
{
	struct cpio cpio;
	struct cpio_entry entry;
	view_t name = without_slashes(path);
	bool is_found = false;
	cpio_init(&cpio, archive);
	while (cpio_next(&cpio, &entry)) {
		if ((entry.mode & CPIO_TYPE_MASK) != CPIO_FILE || !view_equal(entry.name, name))
			continue;
		*out = entry.data;
		is_found = true;
	}
	if (cpio.problem != CPIO_GOOD) {
		print("root: boot image: %s\n", cpio_problem_text(cpio.problem));
		return ERR_CORRUPT;
	}
	return is_found ? OK : ERR_NOT_FOUND;
}
