// SPDX-License-Identifier: MIT
// inode.h - inode records, and what every operation on files begins and ends with.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

enum mode : u32 {
	MODE_TYPE = 0170000,
	MODE_FIFO = 0010000,
	MODE_CHARACTER = 0020000,
	MODE_DIRECTORY = 0040000,
	MODE_BLOCK = 0060000,
	MODE_FILE = 0100000,
	MODE_LINK = 0120000,
	MODE_SOCKET = 0140000,
};

static inline u32 inode_type(const struct inode_record *inode)
{
	return inode->mode & MODE_TYPE;
}

static inline bool inode_is_directory(const struct inode_record *inode)
{
	return inode_type(inode) == MODE_DIRECTORY;
}

tree_key_t inode_key(u64 inode);
struct inode_record inode_new(struct sinter *pool, u32 mode); // no links, times are now

// A new step: frames that were used before may go. ERR_READ_ONLY for a change of a snapshot.
err_t inode_begin(struct dataset *dataset, bool is_change);

err_t inode_load(struct dataset *dataset, u64 inode, struct inode_record *out);
err_t inode_load_directory(struct dataset *dataset, u64 inode, struct inode_record *out);
err_t inode_load_file(struct dataset *dataset, u64 inode, struct inode_record *out); // regular
err_t inode_prepare(struct dataset *dataset, u64 inode, struct need *need);
void inode_store(struct dataset *dataset, u64 inode, const struct inode_record *record);

void inode_set_changed(struct inode_record *inode, struct sinter_time now);  // ctime
void inode_set_modified(struct inode_record *inode, struct sinter_time now); // mtime and ctime

bool inode_is_held(const struct dataset *dataset, u64 inode);

NONNULL_END
