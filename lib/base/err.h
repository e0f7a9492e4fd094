// SPDX-License-Identifier: MIT
// err.h - passing errors on, and their names for people. The numbers are in abi/errors.h.
#pragma once

#include "abi/errors.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

// The only macro that hides control flow: leaves the function when the expression is an error.
#define TRY(expression)                                                                            \
	do {                                                                                           \
		err_t try_err_ = (expression);                                                             \
		if (UNLIKELY(try_err_ != OK))                                                              \
			return try_err_;                                                                       \
	} while (0)

// "ERR_RANGE" and so on; "ERR_?" for a number that no error has.
const char *err_name(err_t err);

NONNULL_END
