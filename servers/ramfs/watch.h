// SPDX-License-Identifier: MIT
// watch.h - who is told of what is done to files (inotify). A watch stands at an inode, whose
// record in the tables says what is wanted, so that nobody tells of what nobody wants.
#pragma once

#include "lib/tree/inotify.h"
#include "servers/ramfs/store.h"

NONNULL_BEGIN

// Something happened to this inode. Whoever watches it is told, without a name.
void watch_self(u32 inode, u32 mask);
// Whoever watches the directory is told, with the name in it.
void watch_named(u32 directory, view_t name, u32 inode, u32 mask, u32 cookie);
// Both: its directory by the entry that it was found by, if it has that still.
void watch_both(u32 inode, u32 entry, u32 mask);
void watch_gone(u32 inode);      // its last name is gone, and so are its watches
void watcher_alone(u32 watcher); // nobody has it open any more

NONNULL_END
