// SPDX-License-Identifier: MIT
// progress.h - a bar on the terminal while something takes long; nothing when there is none.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Often; it is drawn when it changes. all 0: nobody knows, bytes are shown.
void progress_show(const char *what, u64 done, u64 all);
void progress_end(void);

NONNULL_END
