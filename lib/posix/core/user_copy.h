// SPDX-License-Identifier: MIT
// user_copy.h - the functions of user_copy.S: unchecked addresses, faults answered by -EFAULT. For
// user.c, signal/ and thread/barrier.c alone.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
i64 user_bytes(u64 to, u64 from, usize size);
i64 user_zero(u64 to, usize size);
i64 user_string(u64 to, u64 from, usize room);
i64 user_load(u64 from, u32 *out);
i64 user_store(u64 to, u32 value);
i64 user_swap(u64 at, u32 *expected, u32 value);
// XSAVE and XRSTOR of the parts in mask; area is aligned to 64, its header zero before a save.
i64 user_float_save(u64 area, u64 mask);
i64 user_float_restore(u64 area, u64 mask);
NONNULL_END
