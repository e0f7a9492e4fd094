// SPDX-License-Identifier: MIT
// set.h - setting the clock of the day.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
bool clock_may_set(void);
// Nanoseconds since 1970. -EPERM, -EINVAL.
i64 clock_set_real(u64 real_ns);
NONNULL_END
