// SPDX-License-Identifier: MIT
// mappings.h - what the kernel says is mapped in this process, read as a whole. For calls that must
// know: they are rare. Lower half only.
#pragma once

#include "abi/info.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct mappings {
	struct mapping_info *_Nullable list; // owned; by address
	usize count, room;
};

bool mappings_read(struct mappings *mappings); // false: no memory
void mappings_free(struct mappings *mappings);
const struct mapping_info *mappings_at(const struct mappings *mappings, usize i);
bool mappings_have(const struct mappings *mappings, u64 memory_id);
// The one that holds an address.
const struct mapping_info *_Nullable mappings_find(const struct mappings *mappings, u64 address);
// Is the whole range mapped?
bool mappings_cover(const struct mappings *mappings, u64 address, u64 size);

NONNULL_END
