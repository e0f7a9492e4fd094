// SPDX-License-Identifier: MIT
// random.h - random numbers from the processor: where a program is put, what it is given by
// AT_RANDOM. A processor without them gives what its clock and the process's own state make up.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
u64 random_word(void);
void random_bytes(span_t out);
NONNULL_END
