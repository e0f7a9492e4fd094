// SPDX-License-Identifier: MIT
// arena.h - descriptions that fork shares: each process makes its own in a piece of memory, mapped
// at the same address in all who inherit it. A reference is one descriptor of one process; whoever
// drops the last one frees the place. What a killed process kept is taken back at need, once nobody
// else has the arena.
#pragma once

#include "lib/base/atomic.h"
#include "lib/posix/file/operations.h"

NONNULL_BEGIN

static inline void description_get(struct description *description)
{
	atomic_add_relaxed(&description->references, 1);
}

// True: it was the last one, and the place is still the caller's to free.
bool description_drop(struct description *description);
void description_free(struct description *description);
// Maps the arenas that descriptors lie in into a new process (exec).
err_t arenas_map(handle_t process);
// A forked child makes its descriptions in an arena of its own.
void arenas_forked(void);
// Arenas without descriptors of ours go.
void arenas_trim(void);
// From now on nobody shares ours: copies take their places. Offsets are no longer shared with who
// had the same files open, and nothing that is written here reaches processes of others.
void arenas_part(void);

NONNULL_END
