// SPDX-License-Identifier: MIT
// calls.h - what stands between tools/sinter/host.c and the kernel: fdatasync and writes that fail.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Which calls fail, of one file, counted from 1 since calls_reset; 0: none.
struct calls_fault {
	int descriptor;
	u64 sync; // that one loses all that was written since the last; later ones know of nothing
	u64 first_write, last_write; // each fails
	bool is_halved;              // writes of more than a unit write half, and are no error
};

// What was written before is durable.
void calls_reset(struct calls_fault fault);
u64 calls_faults(void);    // that happened since
bool calls_is_apart(void); // did a flush fail in another thread than the first?

NONNULL_END
