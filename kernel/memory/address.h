// SPDX-License-Identifier: MIT
// address.h - addresses by what they mean. A user address is a plain u64 that only user_* and
// space_* take; a physical one is wrapped.
#pragma once

#include "abi/types.h"

typedef struct {
	u64 raw;
} paddr_t;

constexpr u32 PAGE_SHIFT = 12;
