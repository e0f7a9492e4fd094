// SPDX-License-Identifier: MIT
// ledger.h - what of a service's memory survives it (docs/decisions/015): one memory object, mapped
// at the same address in each life, so that pointers within it stay good. Old bytes are noted
// before a change; the next life undoes what was not committed. One thread.
#pragma once

#include "lib/os/call.h"

NONNULL_BEGIN

constexpr u64 LEDGER_NOTES_SIZE = 256 * 1024; // what one transaction may change

// Bytes of memory behind a ledger whose contents have this size.
static inline u64 ledger_memory_size(u64 size)
{
	return PAGE_SIZE + ((size + PAGE_MASK) & ~PAGE_MASK) + LEDGER_NOTES_SIZE;
}

// Maps it and undoes what the last life left half done. Contents of another size are emptied: zeros
// are a ledger that nobody used yet. ERR_RANGE: the memory is too small.
err_t ledger_open(handle_t memory, u64 size, void *_Nullable *_Nonnull out);
// Before a change of these bytes of the contents.
void ledger_save(void *address, usize size);
// A handle that nobody wrote down yet. The next life inherits it with the table, and closes it if
// this one ends before it commits.
// Not for connections to the service itself whose badge the next life may give out again: it would
// take the end of this one for that of the other.
void ledger_hold(handle_t handle);
void ledger_hold_received(const struct message *message); // those that came with it
// Puts back what was changed since the last commit. This life closes itself what it held.
void ledger_undo(void);
// From here on the changes since the last commit are there for good.
void ledger_commit(void);

NONNULL_END
