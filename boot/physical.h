// SPDX-License-Identifier: MIT
// physical.h - physical memory as the parsers see it: bytes that start at some physical address.
// The loader gives them the low 4 GiB, a test gives them a small buffer.
#pragma once

#include "lib/base/checked.h"
#include "lib/base/view.h"

NONNULL_BEGIN

typedef struct {
	u64 base; // physical address of the first byte
	view_t bytes;
} physical_t;

// Exactly these bytes, or ERR_RANGE.
static inline err_t physical_view(physical_t memory, u64 paddr, u64 size, view_t *out)
{
	if (paddr < memory.base)
		return ERR_RANGE;
	TRY(checked_range(paddr - memory.base, size, memory.bytes.size));
	*out = view_clamp(memory.bytes, (usize)(paddr - memory.base), (usize)size);
	return OK;
}

// As many of these bytes as there are; none if the address is outside.
static inline view_t physical_clamp(physical_t memory, u64 paddr, usize size)
{
	if (paddr < memory.base || paddr - memory.base >= memory.bytes.size)
		return (view_t){};
	return view_clamp(memory.bytes, (usize)(paddr - memory.base), size);
}

NONNULL_END
