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
// If the file lends powers its memory is a copy from now on: who had the former one open to write
// reaches the file no more.
err_t contents_guard(u32 inode);
// From now on the kernel writes the memory's length and time into the inode.
err_t contents_publish(u32 inode);
// Not any more. How many handles there are to the memory, ours among them; 0: it has none. If what
// is being done is undone, a next life publishes it again.
u64 contents_withdraw(u32 inode);
void contents_resume(void); // in a next life
// The inode goes, and what it holds. Its contents have been withdrawn.
void inode_end(u32 inode);

NONNULL_END
