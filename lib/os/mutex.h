// SPDX-License-Identifier: MIT
// mutex.h - a lock between threads of one process: free and uncontended it stays in the program.
// 0 free, 1 taken, 2 taken and somebody waits (Drepper, "Futexes are tricky", 2011).
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
struct CAPABILITY("mutex") mutex {
	u32 word;
};
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
NONNULL_END
