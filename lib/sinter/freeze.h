// SPDX-License-Identifier: MIT
// freeze.h - the open transaction group becomes fixed: everything in it gets its place on the disk.
#pragma once

#include "lib/sinter/txg.h"

NONNULL_BEGIN

// Reads what freeze_all will touch of the pool tree. ERR_WOULD_BLOCK: call again.
err_t freeze_prepare(struct sinter *pool);
// Does no I/O. Afterwards txg.super is what is to be written, and the next group is open.
// ERR_CORRUPT: the bitmaps contradict what was counted, nothing may be written.
err_t freeze_all(struct sinter *pool);

NONNULL_END
