// SPDX-License-Identifier: MIT
// ilog.h - the intent log: what happened since the last commit, so that fsync is one write and one
// flush. FORMAT.md, section 7.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

err_t ilog_init(struct sinter *pool);
void ilog_fini(struct sinter *pool);

// Notes an operation on names or attributes that has just been made: a body (log_... of format.h)
// and up to two pieces of bytes. Nothing while replaying.
struct note {
	enum log_kind kind;
	view_t body, first, second;
};
void ilog_note(struct dataset *dataset, struct note note);

// Contents of a file are changed: the buffer (null: inline, or only the size) holds new bytes low
// to high.
void ilog_changed(
	struct dataset *dataset, u64 inode, struct buffer *_Nullable buffer, u32 low, u32 high);
void ilog_truncated(struct dataset *dataset, u64 inode, u64 size);
void ilog_cannot(struct sinter *pool); // something happened that the log has no record for
void ilog_queue(struct dataset *dataset, u64 inode); // its contents go with the next group

void ilog_work(struct sinter *pool);
void ilog_freeze(struct sinter *pool);
void ilog_committed(struct sinter *pool);

// After the root is chosen: does again what the log tells. Waits.
err_t ilog_replay(struct sinter *pool);
// Now, or the time of the record that is being replayed.
struct sinter_time ilog_time(struct sinter *pool);

// Used by ilog.c and replay.c.
sum_t ilog_sum(struct log_header *header, view_t payload);

// What both the log and kept memory say of a file.
struct log_file ilog_file(u64 number, const struct inode_record *inode, u64 size_min);

NONNULL_END
