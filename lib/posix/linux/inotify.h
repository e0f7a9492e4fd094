// SPDX-License-Identifier: MIT
// inotify.h - Linux's inotify: what happens to files. inotify_init1 calls O_NONBLOCK and O_CLOEXEC
// by those numbers.
#pragma once

#include "abi/types.h"

enum inotify_mask : u32 {
	IN_ACCESS = 0x1,
	IN_MODIFY = 0x2,
	IN_ATTRIB = 0x4,
	IN_CLOSE_WRITE = 0x8,
	IN_CLOSE_NOWRITE = 0x10,
	IN_OPEN = 0x20,
	IN_ALL_EVENTS = 0xfff,
	IN_ONLYDIR = 0x0100'0000,
	IN_DONT_FOLLOW = 0x0200'0000,
	IN_EXCL_UNLINK = 0x0400'0000,
	IN_MASK_CREATE = 0x1000'0000,
	IN_MASK_ADD = 0x2000'0000,
	IN_ONESHOT = 0x8000'0000,
};
