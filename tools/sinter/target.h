// SPDX-License-Identifier: MIT
// target.h - datasets and snapshots as words of the command line.
#pragma once

#include "tools/sinter/command.h"

NONNULL_BEGIN

struct target {
	struct image *image;
	const char *text;
	const char *_Nullable other; // with TARGET_TWO: the third word
	struct dataset *dataset;     // open until target_close
	view_t snapshot_name;        // behind the @; empty: none was given
	bool has_snapshot;           // it is there
	struct sinter_snapshot snapshot;
	struct sinter_dataset_name place; // of target_open_place
};

// Each: false when it complained.
bool target_open(struct target *target, struct image *image, const char *text);
// A name that is to be made: the dataset above it is opened.
bool target_open_place(struct target *target, struct image *image, const char *text);
bool target_find_snapshot(struct target *target, view_t name, struct sinter_snapshot *out);
// That snapshot, to read only.
bool target_open_past(
	struct target *target, const struct sinter_snapshot *snapshot, struct dataset **out);
view_t target_name_only(const char *text); // of a snapshot, without its @
void target_close(struct target *target);

err_t target_commit(struct image *image);

// A command's whole way: the image is opened (TARGET_LOOK: to read only), and in it the dataset,
// snapshot or place of this name. False: it complained, and nothing is open.
// TARGET_EITHER: a snapshot if there is an @ in it, else a place.
enum target_kind : u32 { TARGET_DATASET, TARGET_SNAPSHOT, TARGET_PLACE, TARGET_EITHER };
// Two: a third word. LESS: without a second (or third) word it is the root dataset (or none).
constexpr u32 TARGET_LOOK = 4, TARGET_TWO = 8, TARGET_LESS = 16;
bool target_begin(
	struct target *target, struct image *image, const char *paths, const char *name, u32 kind);
// The same with the command's words, which are these two, or with TARGET_TWO three. 0, or the exit
// status.
int target_start(struct target *target, struct words *words, const char *usage, u32 kind);
// Closes both, after a commit if OK; else complains. The exit status.
int target_end(struct target *target, err_t err);
// The same without a commit, when there was nothing to be changed.
int target_leave(struct target *target);

NONNULL_END
