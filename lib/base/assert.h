// SPDX-License-Identifier: MIT
// assert.h - what cannot be false. assert() is in every build, debug_assert() costs more and is
// only in debug builds and for the static analyser. Bad input is never asserted: it is an err_t.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

// Supplied by the environment: the kernel panics, a program aborts, a host test reports and fails.
NORETURN void assert_failed(const char *expression, const char *file, u32 line);

#define assert(condition)                                                                          \
	(LIKELY(condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

#define debug_assert(condition)                                                                    \
	(!(IS_DEBUG || IS_ANALYSED) || LIKELY(condition)                                               \
			? (void)0                                                                              \
			: assert_failed(#condition, __FILE__, __LINE__))

// The pointer, which is not null here: a debug_assert within an expression.
#define NOT_NULL(pointer)                                                                          \
	({                                                                                             \
		typeof(pointer) not_null_ = (pointer);                                                     \
		debug_assert(not_null_);                                                                   \
		not_null_;                                                                                 \
	})

// For the place behind a switch that has a case for everything. (unreachable() of <stddef.h> is not
// a check but a promise.)
#define never_reached() assert_failed("never reached", __FILE__, __LINE__)

NONNULL_END
