// SPDX-License-Identifier: MIT
// ledger.h - stand-in for lib/os/ledger.h
#pragma once
#include "lib/base/view.h"

NONNULL_BEGIN
err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out);
void ledger_save(void *address, usize size);
void ledger_commit(void);
NONNULL_END
