// SPDX-License-Identifier: MIT
// seal.h - encrypted datasets: keys, and their blocks. A block that was read stays as it is on the
// disk (is_sealed) until somebody with the key looks into it: those who only walk trees need none.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

// ERR_RIGHTS: it is encrypted, and its key is not loaded.
err_t seal_check_key(const struct dataset *dataset);

// Opens a block in its frame, if it is sealed. It must be clean and here. where: the key of the
// item that leads to a record; not looked at for nodes. ERR_CORRUPT: changed by somebody without
// the key.
err_t seal_unseal(struct btree *tree, struct buffer *buffer, tree_key_t where);

// Freeze: seals what an image frame holds (a node, or the stored bytes of a record). The pointer
// has logical and stored sizes and info; it gets nonce, mark and sum.
void seal_block(
	struct dataset *dataset, struct buffer *image, tree_key_t where, pointer_t *pointer);

tree_key_t seal_key_item(u64 key_object);
void seal_use_key(struct dataset *dataset, const struct seal_key *key);

NONNULL_END
