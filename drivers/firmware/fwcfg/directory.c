// SPDX-License-Identifier: MIT
// directory.c - see directory.h.
#include "drivers/firmware/fwcfg/directory.h"

static u32 big_endian(view_t bytes)
{
	u32 value = 0;
	for (usize i = 0; i < bytes.size; i++)
		value = value << 8 | view_at(bytes, i);
	return value;
}

err_t fwcfg_find(view_t directory, view_t name, struct fwcfg_file *out)
{
	u32 count = big_endian(view_clamp(directory, 0, 4));
	for (u32 i = 0; i < count && i < FWCFG_FILES_MAX; i++) {
		struct fwcfg_record record;
		if (view_load(directory, 4 + i * sizeof record, span_of(record)) != OK)
			return ERR_NOT_FOUND;
		view_t text = view_of(record.name);
		if (!view_equal(view_clamp(text, 0, view_find(text, 0)), name))
			continue;
		*out = (struct fwcfg_file){ big_endian(view_of(record.size)),
			(u16)big_endian(view_of(record.select)) };
		return OK;
	}
	return ERR_NOT_FOUND;
}
