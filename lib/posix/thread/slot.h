// SPDX-License-Identifier: MIT
// slot.h - places for threads in THREAD_AREA.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN
// A zeroed struct in a slot that is now ours. -EAGAIN, -ENOMEM.
i64 slot_take(struct posix_thread *_Nullable *_Nonnull out, u32 *slot);
void slot_give(u32 slot); // of a thread that never ran
NONNULL_END
