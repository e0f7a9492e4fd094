// SPDX-License-Identifier: MIT
// start_info.c - looking up what this program was started with.
#include "lib/os/start.h"

static const struct start_info *self; // written once before main

void start_adopt(const struct start_info *info)
{
	self = info;
}

const struct start_info *start_self(void)
{
	return self;
}

u32 start_argument_count(void)
{
	return self->argument_count;
}

const char *start_argument(u32 index)
{
	u32 at = 0;
	while (index-- && at < self->text_size)
		at += (u32)view_cstring(&AT(self->text, at)).size + 1;
	return at < self->text_size ? &AT(self->text, at) : "";
}

handle_t start_handle(const char *name)
{
	for (u32 i = 0; i < self->handle_count && i < START_HANDLES; i++) {
		const struct start_handle *entry = &AT(self->handles, i);
		if (view_equal(view_cstring(entry->name), view_cstring(name)))
			return entry->handle;
	}
	return HANDLE_NONE;
}
