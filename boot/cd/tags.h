// SPDX-License-Identifier: MIT
// tags.h - writes the list of tags that a multiboot2 loader hands over (Multiboot2 2.0,
// section 3.6).
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

void tags_begin(u32 type);
void tags_put(view_t bytes);
void tags_end(void);
u32 tags_finish(void); // the list's address

static inline void tags_put_u32(u32 value)
{
	tags_put(view_of(value));
}

NONNULL_END
