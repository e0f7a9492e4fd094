// SPDX-License-Identifier: MIT
// getrandom.h - random bytes of cryptographic quality for the program.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
void random_secret(span_t out);
void generator_forked(void); // in a child
void generator_begun(void);  // exec: a new program must not know what the old one could
NONNULL_END
