// SPDX-License-Identifier: MIT
// fork.h - what a fork does in each folder of the library: before it, in the parent after it, in
// the child. A folder that has something to do defines functions of these names; one that nobody
// defines is not called. Nothing here may fail but fork_before_*; all run with the fork lock held.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// Before: takes the folder's locks, so that the child finds nothing half done, and counts what the
// child will share. 0, or -errno: no fork.
typedef i64 fork_before_part(struct posix_thread *self);
// After, in the parent: gives the locks back; what was counted is taken back if there is no child.
typedef void fork_parent_part(struct posix_thread *self, bool has_child);
// In the child: this thread is the only one; locks are made anew.
typedef void fork_child_part(struct posix_thread *self);

[[gnu::weak]] fork_before_part fork_before_file, fork_before_memory, fork_before_signal,
	fork_before_event, fork_before_time;
[[gnu::weak]] fork_parent_part fork_parent_file, fork_parent_memory, fork_parent_signal,
	fork_parent_event, fork_parent_time;
[[gnu::weak]] fork_child_part fork_child_file, fork_child_memory, fork_child_signal,
	fork_child_event, fork_child_time;

i64 fork_before(struct posix_thread *self);
void fork_parent(struct posix_thread *self, bool has_child);
void fork_child(struct posix_thread *self);

// Of the only thread: the program's FS base (core/ or signal/ provides it).
[[gnu::weak]] void thread_set_fs(struct posix_thread *self, u64 base);

NONNULL_END
