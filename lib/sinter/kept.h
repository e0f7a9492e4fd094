// SPDX-License-Identifier: MIT
// kept.h - what was changed since the newest root, in memory that outlives the process: the next
// one takes it over. Two parts, used in turns: one a root that is being written, one the open
// group.
#pragma once

#include "lib/sinter/file.h"
#include "lib/sinter/ilog.h"

NONNULL_BEGIN

constexpr u32 KEPT_MIN = 256 * 1024;
constexpr u32 KEPT_ROOM = 5 * NODE_SIZE; // free before a step begins: more than it notes

void kept_note(struct sinter *pool, const struct log_record *record, struct note note);
// Bytes were written; or the file was cut to size_min (UINT64_MAX: it was not).
void kept_file(const struct file *file, u64 offset, view_t bytes, u64 size_min);
void kept_end(struct sinter *pool); // something was done that no record tells: until the next root
bool kept_is_full(const struct sinter *pool);
void kept_freeze(struct sinter *pool);

// After opening: what is there does not count any more, and keeping begins.
void kept_begin(struct sinter *pool);
// The records of what was done after this root, with this chain of the log (0: any); is_whole: up
// to the next one.
view_t kept_part(const struct sinter *pool, u64 root, u64 chain, bool *is_whole);

NONNULL_END
