// SPDX-License-Identifier: MIT
// pin.h - descriptions that calls of this process's threads use while another thread may close
// their last descriptor. Only of kinds that keep something in the process (operations.close), which
// ends with the last descriptor or pin. Under files.lock.
#pragma once

#include "lib/posix/file/file.h"

NONNULL_BEGIN

i64 pin_add(const struct description *description); // -ENOMEM
void pin_drop(const struct description *description);
bool is_pinned(const struct description *description);
// In a forked child, which has no other threads.
void pins_forget(void);

NONNULL_END
