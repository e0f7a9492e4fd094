// SPDX-License-Identifier: MIT
// explore.h - every state that a power cut during a logged workload may have left on the disk.
// Writes since the last honoured flush landed or not, in any order, whole or torn; instead of
// making all 2^n of these disks, a check runs on a disk that decides what a unit holds only when it
// is read, and runs again for each other decision. What is never read never matters: the search is
// exact.
#pragma once

#include "test/sinter/disk.h"

NONNULL_BEGIN

struct explore_options {
	u32 lies;            // how many of the last flushes the device only pretended
	bool is_torn;        // sectors of 512 bytes of one unit may be old and new
	u64 executions_max;  // of one crash point; 0: all. What was left out is counted in cuts
	bool at_every_write; // else at the end of each epoch, which includes these states
};

struct crash {
	u32 writes;  // issued before the cut
	u32 flushes; // honoured before it: what was answered with disk.flushes at most this is durable
};

// True: this state is as it should be. Called many times for one crash.
typedef bool explore_check(void *context, struct disk *crashed, const struct crash *crash);

struct explore_result {
	u64 points, executions, violations, cuts;
	u64 distinct;      // executions that read something that none before had read (seen.h)
	double raw_states; // as many disks 2^n counting would have had to try
};

// base: the disk as it was when logged->log began.
struct explore_result explore_crashes(const struct disk *base, const struct disk *logged,
	const struct explore_options *options, explore_check *check, void *context);

NONNULL_END
