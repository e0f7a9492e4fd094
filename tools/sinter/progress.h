// SPDX-License-Identifier: MIT
// progress.h - a bar on the terminal while something takes long; nothing when there is none.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

void progress_show(const char *what, u64 done, u64 all); // often; it is drawn when it changes
void progress_end(void);

NONNULL_END
