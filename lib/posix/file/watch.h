// SPDX-License-Identifier: MIT
// watch.h - telling of what is done to files that somebody watches (inotify). Names are their
// server's affair; opening, reading, writing and closing happen here, without it. Tables say
// whether anybody watches anything: that is one load of a word when nobody does.
#pragma once

#include "lib/posix/core/posix.h"
#include "lib/posix/file/operations.h"
#include "lib/tree/inotify.h"

NONNULL_BEGIN

static inline bool is_anything_watched(void)
{
	const struct file_state *state = &posix_self()->files;
	return state->tree_count && atomic_load_relaxed(&AT(state->trees, 0).head->watches);
}

// watch.c: this happened to an open file. Only of what has an inode.
void watch_tell(const struct file *file, u32 mask);
void watch_tell_closed(const struct file *file);

static inline void file_told(const struct file *file, u32 mask)
{
	if (UNLIKELY(is_anything_watched()))
		watch_tell(file, mask);
}

NONNULL_END
