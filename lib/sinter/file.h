// SPDX-License-Identifier: MIT
// file.h - steps that operations on contents share.
#pragma once

#include "lib/sinter/inode.h"

NONNULL_BEGIN

struct file {
	struct dataset *dataset;
	u64 number;
	struct inode_record inode;
};

// Loads a regular file for a change; what is left of an earlier truncation is finished first.
err_t file_begin_change(struct dataset *dataset, u64 inode, struct file *out);

// One record being changed.
struct record {
	u64 number;
	pointer_t pointer; // as it is; hole: there is none
	u32 whole; // 0, or: so many new bytes from its start replace all, the old need not be read
};
err_t record_find(struct file *file, u64 number, struct record *out);
// Its contents, which stay until the end of the step. It is no hole.
err_t record_get(
	struct file *file, const struct record *record, struct buffer *_Nonnull *_Nonnull out);
err_t record_prepare(struct file *file, struct record *record, struct need *need);
// Its dirty buffer, with the old contents, or zeros behind the new bytes that replace all; the
// file's units are adjusted to so many bytes.
struct buffer *record_change(struct file *file, struct record *record, u32 logical);

tree_key_t record_key(u64 inode, u64 number);
tree_key_t file_inline_key(u64 inode);

// Its record (null: its inline contents) changed from low to high: times, and the log.
void file_changed(struct file *file, struct buffer *_Nullable buffer, u32 low, u32 high);

// From inline to records, without changing contents; a change of its own.
err_t file_convert(struct file *file);

// Inline contents: another size (at most INLINE_MAX); bytes within the size. A change of its own.
err_t file_cut_inline(struct file *file, u64 size);
err_t file_write_inline(struct file *file, u64 offset, view_t from);

NONNULL_END
