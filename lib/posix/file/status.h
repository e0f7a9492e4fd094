// SPDX-License-Identifier: MIT
// status.h - attributes as Linux's struct stat, from inodes of the tables.
#pragma once

#include "lib/posix/file/operations.h"
#include "lib/posix/file/path.h"

NONNULL_BEGIN

constexpr u64 DEVICE_FIRST = 16; // device numbers of trees begin here

// mount: which tree it is in, for the device number.
void status_of_inode(u32 mount, u32 number, const struct tree_inode *inode, struct linux_stat *out);
// Of an open file with an inode, also of one that has no name any more.
i64 status_of_open(const struct file *file, struct linux_stat *out);
// What a description keeps of its inode for that (detail[0]).
static inline u64 status_keep(const struct tree_inode *inode)
{
	return (u64)inode->user << 32 | inode->mode;
}
// What programs are told as its number: the table's are used again, and a C library tells shared
// semaphores apart by this. The generation grows by two a life.
static inline u64 status_number(u32 number, u32 generation)
{
	constexpr u32 NUMBER_BITS = 24;
	return number | (u64)(generation / 2) << NUMBER_BITS;
}
// The record itself, in the table, which may change at any moment.
const struct tree_inode *inode_look(u32 mount, u32 inode);

NONNULL_END
