// SPDX-License-Identifier: MIT
// xattr.h - where the value of an attribute is: in its item, or in up to four records of the inode,
// whose numbers are behind those of any file and come of the item's key. FORMAT.md, section 5.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

struct xattr_value {
	view_t bytes;     // of the item
	u32 records_size; // 0, or bytes in records
};
// ERR_CORRUPT, ERR_UNSUPPORTED.
err_t xattr_value(view_t item, struct xattr_value *out);

// The first of the records that belong to the item with this key.
u64 xattr_record(tree_key_t key);

NONNULL_END
