// SPDX-License-Identifier: MIT
// ledger.h - what survives the process: a memory object mapped at the same address in each life, with
// notes of old bytes behind the contents (docs/decisions/015).
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u64 LEDGER_PAGES_AROUND = 65; // pages beside the contents: head and notes

// Maps it; undoes what was not committed. out: size bytes of contents.
err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out);
// Notes the bytes that are about to change.
void ledger_save(void *address, usize size);
// Puts all noted bytes back.
void ledger_undo(void);
// All noted changes are good.
void ledger_commit(void);

NONNULL_END
