// SPDX-License-Identifier: MIT
// meminfo.h - how much memory the machine has, as /proc/meminfo tells.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct meminfo {
	u64 total_kib, free_kib;
};
// Zeros if servers/proc does not tell.
void meminfo_read(struct meminfo *out);

NONNULL_END
