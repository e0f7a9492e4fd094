// SPDX-License-Identifier: MIT
// inotify.h - what is done to files, as inodes say that it is wanted to be told (tree.h) and as
// Linux's inotify numbers it. The server tells of names, the readers' side of contents.
#pragma once

#include "abi/types.h"

enum inotify_mask : u32 {
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
	IN_ONLYDIR = 0x0100'0000,
	IN_DONT_FOLLOW = 0x0200'0000,
	IN_EXCL_UNLINK = 0x0400'0000,
	IN_MASK_CREATE = 0x1000'0000,
	IN_MASK_ADD = 0x2000'0000,
	IN_ISDIR = 0x4000'0000,
	IN_ONESHOT = 0x8000'0000,
};
