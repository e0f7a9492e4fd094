// SPDX-License-Identifier: MIT
// crash.h - a workload on a logged disk, and the question whether a crashed disk is one of the
// states that promises P1 to P6 allow: names are those after some operation T, no earlier than the
// last completed fsync or sync; contents of each file are those at some moment up to T, no earlier
// than its own last fsync.
#pragma once

#include "test/sinter/explore.h"
#include "test/sinter/operate.h"

NONNULL_BEGIN

enum { CRASH_OPS = 96, CRASH_FILES = 64 };

struct crash_state {        // after so many operations
	u64 names;              // hash
	u64 files[CRASH_FILES]; // hash by number of the file; 0: it is not there
	u32 writes;             // of the disk when the operation began
};

struct crash_answer { // a sync or fsync that was answered
	u32 after;        // how many operations
	u32 flushes;      // that had ended then
	u64 inode;        // 0: sync
};

struct workload {
	struct world world;
	struct disk *base, *disk;
	struct sinter *_Nullable pool;
	struct dataset *_Nullable dataset;
	struct model model;
	struct op ops[CRASH_OPS];
	struct crash_state states[CRASH_OPS + 1];
	struct crash_answer answers[CRASH_OPS];
	struct crash_answer renames[CRASH_OPS];   // over another file: with the name come the contents
	struct crash_answer snapshots[CRASH_OPS]; // inode: the snapshot's txg
	struct model *_Nullable kept[CRASH_OPS];  // owned: what each snapshot holds
	struct crash_answer clones[CRASH_OPS];    // inode: the dataset's number; of the state `after`
	u32 rolled_back[CRASH_OPS];               // operations before which nothing may be seen then
	u64 inodes[CRASH_FILES];
	u32 count, answered, renamed, snapshotted, cloned, rollbacks, files;
	u32 opened;     // world_shape
	bool is_lying;  // contents may be unreadable, copies bad
	bool was_lying; // the device, before the workload began
	bool is_quiet;
	u64 lists_from; // who has no list above this inode number gives rights to its owner only; 0:
	                // off
};

// Makes a pool and lets prepare (which may be null) fill it; from then on the disk is logged.
typedef void workload_prepare(struct workload *workload);
bool workload_start(struct workload *workload, u64 seed, struct world_shape shape,
	workload_prepare *_Nullable prepare);
constexpr struct world_shape CRASH_ONE_DISK = { .units = WORLD_UNITS, .disks = 1, .legs = 1 };
bool workload_do(struct workload *workload, const struct op *op); // false: it went wrong by itself
bool workload_snapshot(
	struct workload *workload); // takes one: it is there, and as it was, for ever
bool workload_destroy_snapshot(struct workload *workload); // the oldest one that is there
bool workload_clone(struct workload *workload);            // that one too: there, as it was
bool workload_roll_back(struct workload *workload);        // to the newest one
// The power goes, at a random moment, with random ones of the volatile writes on the disk; the
// device had ignored so many of the last flushes. The pool opens again and a new workload begins
// with what is there, the log with the first write of the opening.
bool workload_crash(struct workload *workload, struct random *random, u32 lies);
void workload_end_log(struct workload *workload); // the pool is abandoned
void workload_stop(struct workload *workload);

// All crash states of what was done.
struct explore_result workload_explore(
	struct workload *workload, const struct explore_options *options);

NONNULL_END
