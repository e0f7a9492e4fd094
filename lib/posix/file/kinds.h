// SPDX-License-Identifier: MIT
// kinds.h - the operations of this folder's kinds of open files.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN
extern const struct operations regular_operations, memory_operations; // regular.c
extern const struct operations directory_operations, path_operations; // directory.c
extern const struct operations device_operations;                     // device.c
extern const struct operations scheme_operations;                     // scheme.c
NONNULL_END
