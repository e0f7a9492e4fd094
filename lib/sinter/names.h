// SPDX-License-Identifier: MIT
// names.h - steps that operations on names share.
#pragma once

#include "lib/sinter/inode.h"
#include "lib/sinter/named.h"

NONNULL_BEGIN

u8 names_type(u32 mode); // as in directory entries
u32 names_size(view_t name);

// What a DIRENT (or CHILD) holds.
struct entry_value {
	u8 bytes[DIRENT_HEAD + NAME_SIZE_MAX];
	usize size;
};
struct entry_value names_value(u64 inode, u8 type, view_t name);
err_t names_find(
	struct dataset *dataset, u64 directory, view_t name, struct found *found, struct entry *out);
void names_insert(struct dataset *dataset, tree_key_t key, view_t name, struct entry entry);
err_t names_prepare_new(struct dataset *dataset, struct sinter_name name,
	struct inode_record *directory, tree_key_t *key, struct need *need);
void names_count(
	struct dataset *dataset, u64 inode, struct inode_record *directory, int by, int directories);
// An inode that loses a name; a directory must be empty.
err_t names_prepare_drop(
	struct dataset *dataset, u64 inode, struct inode_record *record, struct need *need);
void names_drop(struct dataset *dataset, u64 inode, struct inode_record *record);

NONNULL_END
