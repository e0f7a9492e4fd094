// SPDX-License-Identifier: MIT
// segment.h - what exec needs of shared memory.
#pragma once

#include "lib/base/attributes.h"

NONNULL_BEGIN
void attachments_forget(void); // exec: nothing is shown any more
NONNULL_END
