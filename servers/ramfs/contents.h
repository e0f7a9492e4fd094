// SPDX-License-Identifier: MIT
// contents.h - the memory of regular files: made when first opened, from the boot image where the
// file came from there; its length and time are the kernel's word (docs/decisions/016).
#pragma once

#include "servers/ramfs/request.h"

NONNULL_BEGIN

// Linux's open flags that count here.
enum open_flag : u32 {
	OPEN_ACCESS = 3,
	OPEN_WRITE_ONLY = 1,
	OPEN_READ_WRITE = 2,
	OPEN_TRUNCATE = 01000,
	OPEN_EXECUTE = 040, // to run it: read and map, by the right to execute
};

// Rights to the contents for these flags.
u32 contents_rights(u32 flags);
// The file's memory, there from now on. ERR_NO_SPACE, ERR_NO_MEMORY.
err_t contents_get(u32 inode, handle_t *out);
// A copy of it as it is now. Whoever has the file's memory keeps that.
err_t contents_copy(u32 inode, handle_t *out);
// The file's memory is a copy from now on: who had the former one reaches the file no more.
err_t contents_part(u32 inode);
// The inode goes, and what it holds.
void inode_end(u32 inode);

NONNULL_END
