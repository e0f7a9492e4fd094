// SPDX-License-Identifier: MIT
// poll_kept.h - long lists of files that are polled again and again.
#pragma once

#include "lib/posix/event/poll.h"

NONNULL_BEGIN

// True: *answer is the call's. False: the list is short, or was not seen twice in a row, or holds
// what cannot be tied to a port: it has to be looked at file by file.
bool poll_kept(struct posix_thread *self, u64 address, u32 count, u64 deadline, i64 *answer);

NONNULL_END
