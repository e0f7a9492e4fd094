// SPDX-License-Identifier: MIT
// dirent.h - entries of directories on their way to the program.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct linux_dirent64 {
	u64 inode, next;
	u16 size;
	u8 type;
	u8 name[5]; // and on; ends with a zero
};

struct dirents {
	u64 address, size; // of the program's memory
	u64 used;
};

struct dirent {
	u64 inode; // 0: there is none
	u64 next;  // position behind it
	u8 type;
	u32 hint;
	view_t name;
};

// One record more. -EINVAL: it does not fit.
i64 dirent_put(struct dirents *out, const struct dirent *entry);

NONNULL_END
