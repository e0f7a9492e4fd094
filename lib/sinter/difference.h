// SPDX-License-Identifier: MIT
// difference.h - which items of two trees differ, in the order of keys. Blocks that both have are
// never entered, so it takes as long as there are changes.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

struct difference {
	tree_key_t key;
	bool was_there, is_there;
	view_t before, after; // values, until the step ends
};

// The first difference at or after position (which is not moved). A tree of no blocks (hole) is
// empty. ERR_NOT_FOUND: no more.
err_t difference_find(
	struct btree *old, struct btree *new, tree_key_t position, struct difference *out);
tree_key_t difference_behind(tree_key_t key); // the next position

NONNULL_END
