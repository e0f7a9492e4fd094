// SPDX-License-Identifier: MIT
// named.h - items found by the hash of a name: directory entries, extended attributes, datasets.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

// NAMED_CHILD: datasets below a dataset, in the pool tree.
enum named : u8 { NAMED_CHILD = ITEM_CHILD, NAMED_XATTR = ITEM_XATTR, NAMED_ENTRY = ITEM_DIRENT };

// OK: its key and value. ERR_NOT_FOUND: key is where it would be inserted. ERR_NO_SPACE: 256 names
// have this hash.
struct found {
	tree_key_t key;
	view_t value;
};
err_t named_find(
	struct dataset *dataset, u64 object, enum named kind, view_t name, struct found *out);
// The next one behind a cookie (0: the first). ERR_NOT_FOUND: there is no more.
err_t named_next(
	struct dataset *dataset, u64 object, enum named kind, u64 cookie, struct sinter_entry *out);
// The name in such a value; ERR_CORRUPT.
err_t named_name(enum named kind, view_t value, view_t *out);

// A name that may be in a directory. ERR_INVALID; ERR_TOO_BIG: more than 255 bytes.
err_t named_check(view_t name);

struct entry {
	u64 inode;
	u8 type;
};
err_t named_entry(view_t value, struct entry *out);

NONNULL_END
