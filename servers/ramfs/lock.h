// SPDX-License-Identifier: MIT
// lock.h - locks on files. Each belongs to a locker, a connection: flock's to an open file, fcntl's
// to a process. They stand in the ledger; those who wait are calls put aside, which come again by
// themselves after a restart.
#pragma once

#include "servers/ramfs/store.h"

NONNULL_BEGIN
bool locks_hold(void);      // what the ledger says of them is sound
void locker_end(u32 index); // its connection is gone: all it held is given back
void lock_cancel(handle_t call, bool is_abandoned);
// After a commit that may have given something back: who can go on does.
void lock_serve_waiters(void);
NONNULL_END
