// SPDX-License-Identifier: MIT
// user.h - stands in for the kernel's header when the compiler is tested alone.
#pragma once

#include "abi/errors.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
struct user_span {
	u64 address;
	u64 size;
};

err_t user_span_check(u64 address, u64 size);
err_t user_copy_in(void *to, u64 from, usize size);
err_t user_copy_out(u64 to, const void *from, usize size);
NONNULL_END
