// SPDX-License-Identifier: MIT
// boot.h - what the tree begins with: the boot image.
#pragma once

#include "servers/ramfs/store.h"

NONNULL_BEGIN

// Makes an inode for each entry of the image. Without an image the tree stays empty.
err_t boot_fill(void);
// Memory with the contents that a file has in the image. is_whole: it has the file's length
// already.
err_t boot_clone(const struct tree_inode *inode, handle_t *out, bool *is_whole);

NONNULL_END
