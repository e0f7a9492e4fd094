// SPDX-License-Identifier: MIT
// complaint.h - why a parser refused its input, in words for the person at the serial line.
// A parser fills it and answers ERR_CORRUPT; the loader prints it and halts.
#pragma once

#include "lib/base/err.h"

NONNULL_BEGIN

struct complaint {
	const char *text; // a string literal
	u64 value;        // the offending number
};

static inline err_t complain(struct complaint *complaint, const char *text, u64 value)
{
	*complaint = (struct complaint){ text, value };
	return ERR_CORRUPT;
}

NONNULL_END
