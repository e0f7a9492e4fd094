// SPDX-License-Identifier: MIT
// nameless.h - regular files whose last name went while somebody had them open. Their inodes stay,
// for locks, mode, times and perhaps a new name, until the last handle to the contents but ours is
// closed, which the kernel tells the port.
#pragma once

#include "servers/ramfs/request.h"

NONNULL_BEGIN

// The last name goes, the contents have been withdrawn. True: they are published again, the inode
// stays. False: nobody has it open any more, or there is no memory to watch that.
bool nameless_keep(u32 inode);
// All others may have closed this one.
void nameless_alone(u32 inode);
// In a next life, for each inode. True: one ended, to be committed.
bool nameless_resume(u32 inode);

NONNULL_END
