// SPDX-License-Identifier: MIT
// checked.h - arithmetic on sizes from outside: the right result or ERR_RANGE, nothing else.
// ckd_add and its like, for any integer type, come along from <stdckdint.h>.
#pragma once

#include <stdckdint.h>

#include "lib/base/err.h"

NONNULL_BEGIN

static inline err_t checked_add(u64 a, u64 b, u64 *out)
{
	u64 sum;
	if (ckd_add(&sum, a, b))
		return ERR_RANGE;
	*out = sum;
	return OK;
}

static inline err_t checked_mul(u64 a, u64 b, u64 *out)
{
	u64 product;
	if (ckd_mul(&product, a, b))
		return ERR_RANGE;
	*out = product;
	return OK;
}

static inline err_t checked_align_up(u64 value, u64 alignment, u64 *out)
{
	TRY(checked_add(value, alignment - 1, &value));
	*out = value & ~(alignment - 1);
	return OK;
}

// From u64 to the machine's size, which is smaller in the boot loader.
static inline err_t checked_usize(u64 value, usize *out)
{
	if (value > SIZE_MAX)
		return ERR_RANGE;
	*out = (usize)value;
	return OK;
}

// Is [offset, offset + size) inside an object of this many bytes?
static inline err_t checked_range(u64 offset, u64 size, u64 whole)
{
	return offset <= whole && size <= whole - offset ? OK : ERR_RANGE;
}

NONNULL_END
