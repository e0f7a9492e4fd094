// SPDX-License-Identifier: MIT
// world_wrap.h - the allocators behind the linker's --wrap: they fail on demand, poison what was
// given back (ASan), and keep the list of all living objects.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN

void wrap_fail_at(u64 n, bool is_lasting);
u64 wrap_chances(void);
void wrap_each_object(
	void (*visit)(struct object *object, void *_Nullable context), void *_Nullable context);

NONNULL_END
