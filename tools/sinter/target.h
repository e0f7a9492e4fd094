// SPDX-License-Identifier: MIT
// target.h - datasets and snapshots as words of the command line.
#pragma once

#include "tools/sinter/command.h"

NONNULL_BEGIN

struct target {
	struct image *image;
	const char *text;
	struct dataset *dataset; // open until target_close
	view_t snapshot_name;    // behind the @; empty: none was given
	bool has_snapshot;       // it is there
	struct sinter_snapshot snapshot;
	struct sinter_dataset_name place; // of target_open_place
};

// Each: false when it complained.
bool target_open(struct target *target, struct image *image, const char *text);
bool target_open_snapshot(struct target *target, struct image *image, const char *text);
// A name that is to be made: the dataset above it is opened.
bool target_open_place(struct target *target, struct image *image, const char *text);
bool target_find_snapshot(struct target *target, view_t name, struct sinter_snapshot *out);
void target_close(struct target *target);

err_t target_commit(struct image *image);
// Commits if OK, closes the image, complains otherwise: the exit status.
int target_end(struct image *image, const char *subject, err_t err);

NONNULL_END
