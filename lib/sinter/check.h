// SPDX-License-Identifier: MIT
// check.h - the full verifier, read-only: everything that FORMAT.md, section 10, says is compared
// with what is there. Opening a pool never needs it. Memory grows with the pool: a bit a unit, some
// words an inode.
#pragma once

#include "lib/sinter/sinter.h"

NONNULL_BEGIN

struct sinter_check {
	void (*complain)(void *_Nullable context, view_t sentence);
	void (*_Nullable progress)(void *_Nullable context, u64 done, u64 all); // units
	void *_Nullable context;                                                // of both
	bool is_quick; // nodes only: records are not read
	// Answers:
	u64 complaints, nodes, records, bad_copies, units_used;
	u64 directories, files, others, names, snapshots; // of encrypted ones: with their keys loaded
};

// The pool waits for its devices meanwhile. OK: it went through (complaints may be there).
// ERR_NO_MEMORY.
err_t sinter_check(struct sinter *pool, struct sinter_check *check);

NONNULL_END
