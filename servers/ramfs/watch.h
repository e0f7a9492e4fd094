// SPDX-License-Identifier: MIT
// watch.h - who is told of what is done to files (inotify). A watch stands at an inode, whose
// record in the tables says what is wanted, so that nobody tells of what nobody wants.
#pragma once

#include "lib/tree/inotify.h"
#include "servers/ramfs/store.h"

NONNULL_BEGIN

void watch_self_told(u32 inode, u32 mask), watch_ended(u32 inode);

static inline bool is_watched(u32 inode, u32 mask)
{
	return UNLIKELY(inode_at(inode)->watched & mask);
}

// Something happened to this inode. Whoever watches it is told, without a name.
static inline void watch_self(u32 inode, u32 mask)
{
	if (is_watched(inode, mask))
		watch_self_told(inode, mask);
}

// It is gone, and so are its watches.
static inline void watch_gone(u32 inode)
{
	if (is_watched(inode, UINT32_MAX))
		watch_ended(inode);
}

// Whoever watches the directory is told, with the name in it.
void watch_named(u32 directory, view_t name, u32 inode, u32 mask, u32 cookie);
// Both: its directory by the entry that it was found by, if it has that still.
void watch_both(u32 inode, u32 entry, u32 mask);
void watcher_alone(u32 watcher); // nobody has it open any more

NONNULL_END
