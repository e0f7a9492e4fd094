// SPDX-License-Identifier: MIT
// seen.h - the hashes of all crash states so far: in memory, or, when SINTER_SEEN names a file, in
// that file, which parallel and later processes share. What is new there is distinct over all runs.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

bool seen_add(u64 hash); // true: it is a new one
u64 seen_count(void);    // of this process, or in the file
