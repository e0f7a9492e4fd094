// SPDX-License-Identifier: MIT
// table.h - which devices are which legs: the table of a root, and what was given when opening.
#pragma once

#include "lib/sinter/label.h"

NONNULL_BEGIN

// While opening: the devices as they were given, by their labels.
struct table_open {
	struct label_found found;
	struct leg given[LEGS_ALL];
	u64 guids[LEGS_ALL]; // of each given one; 0: it holds no pool
	u32 count;
};

// Labels of all given devices. ERR_NOT_FOUND: no pool. ERR_INVALID: of several pools.
err_t table_read(struct sinter *pool, struct table_open *open);
// Gives each device its place in the table of this root. ERR_INVALID: too few are here.
err_t table_map(struct sinter *pool, struct table_open *open, const struct superblock *super);
// The root is chosen: says what is missing, and readies legs that come back.
err_t table_begin(struct sinter *pool, const struct table_open *open, bool is_read_only);
void table_store(const struct sinter *pool, struct superblock *super);

NONNULL_END
