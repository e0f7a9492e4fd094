// SPDX-License-Identifier: MIT
// verify.h - are the nodes of the last transaction groups all there?
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

// Reads every node of the pool tree and of all roots in it, and every value of an attribute, that
// was born in the last K+1 groups.
// OK, or what is wrong with one of them.
err_t verify_recent(struct sinter *pool);

// Calls visit for each node (its pointer) and, in leaves of datasets, each record, from this root
// down; only what was born at or after min_birth, and below it. Nodes are read; records are not.
struct verify_visitor {
	err_t (*visit)(void *_Nullable context, struct btree *tree, const pointer_t *pointer);
	void *_Nullable context;
	tree_key_t from;   // what is wholly below is left out
	bool reads_values; // of attributes: they are records, and read as nodes are
};
err_t verify_tree(struct btree *tree, u64 min_birth, const struct verify_visitor *visitor);

NONNULL_END
