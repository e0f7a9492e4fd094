// SPDX-License-Identifier: MIT
// user.h - the program's memory, touched only here and by the kernel. An address of the upper half
// is the library's, not the program's: -EFAULT, like one without mapping. Faults inside these
// functions are answered, not fatal (fault.c).
#pragma once

#include "abi/types.h"
#include "lib/base/view.h"

NONNULL_BEGIN
i64 user_copy_in(void *to, u64 from, usize size); // 0 or -EFAULT; part of it may be written
i64 user_copy_out(u64 to, const void *from, usize size);
i64 user_clear(u64 to, usize size);
// A string with its closing zero: its length, -EFAULT, or -ENAMETOOLONG if it does not fit.
i64 user_copy_string(span_t to, u64 from);
// 0: the range lies in the lower half (it may still have no mapping).
i64 user_check(u64 address, u64 size);
// A buffer for the kernel to copy from or to; its fault is ERR_FAULT. -EFAULT: see user_check.
i64 user_view(u64 address, u64 size, view_t *out);
i64 user_span(u64 address, u64 size, span_t *out);
// One aligned word, at once. 0, -EFAULT; swap: 1 if it held expected and holds value now, else 0
// and *expected is what it held.
i64 user_load_u32(u64 from, u32 *out);
i64 user_store_u32(u64 to, u32 value);
i64 user_swap_u32(u64 at, u32 *expected, u32 value);
// One object, whole: 0 or -EFAULT.
#define user_get(object, from) user_copy_in(&(object), (from), sizeof(object))
#define user_put(to, object) user_copy_out((to), &(object), sizeof(object))
NONNULL_END
