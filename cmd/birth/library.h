// SPDX-License-Identifier: MIT
// library.h - the POSIX library into this process.
#pragma once

#include "lib/posix/exec/first.h"

NONNULL_BEGIN

// Maps the library and empty private parts; fills what struct posix has of handles.
err_t library_map(void);
// Starts the library's first thread, which takes the process over.
err_t library_start(void);

NONNULL_END
