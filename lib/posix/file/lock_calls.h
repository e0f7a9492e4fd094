// SPDX-License-Identifier: MIT
// lock_calls.h - locks of fcntl: range locks of a process or of an open file.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN
i64 lock_control(struct posix_thread *self, const struct file *file, u32 command, u64 argument);
// A descriptor is closed. is_last: the process has no other for the same description.
void locks_closed(const struct file *file, bool is_last);
NONNULL_END
