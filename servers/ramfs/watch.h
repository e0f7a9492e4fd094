// SPDX-License-Identifier: MIT
// watch.h - who is told of what is done to files (inotify). A watch stands at an inode, whose
// record in the tables says what is wanted, so that nobody tells of what nobody wants.
#pragma once

#include "servers/ramfs/store.h"

NONNULL_BEGIN

// Linux's.
enum watch_mask : u32 {
	IN_ACCESS = 0x1,
	IN_MODIFY = 0x2,
	IN_ATTRIB = 0x4,
	IN_CLOSE_WRITE = 0x8,
	IN_CLOSE_NOWRITE = 0x10,
	IN_OPEN = 0x20,
	IN_MOVED_FROM = 0x40,
	IN_MOVED_TO = 0x80,
	IN_CREATE = 0x100,
	IN_DELETE = 0x200,
	IN_DELETE_SELF = 0x400,
	IN_MOVE_SELF = 0x800,
	IN_ALL_EVENTS = 0xfff,
	IN_Q_OVERFLOW = 0x4000,
	IN_IGNORED = 0x8000,
	IN_MASK_CREATE = 0x1000'0000,
	IN_MASK_ADD = 0x2000'0000,
	IN_ISDIR = 0x4000'0000,
	IN_ONESHOT = 0x8000'0000,
};

// Something happened to this inode. Whoever watches it is told, without a name.
void watch_self(u32 inode, u32 mask);
// Whoever watches the directory is told, with the name in it.
void watch_named(u32 directory, view_t name, u32 inode, u32 mask, u32 cookie);
// Both: its directory by the entry that it was found by, if it has that still.
void watch_both(u32 inode, u32 entry, u32 mask);
void watch_gone(u32 inode);      // its last name is gone, and so are its watches
void watcher_alone(u32 watcher); // nobody has it open any more

NONNULL_END
