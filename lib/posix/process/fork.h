// SPDX-License-Identifier: MIT
// fork.h - what a fork does in each folder of the library: before it, in the parent after it, in
// the child. A folder that has something to do defines functions of these names; one that nobody
// defines is not called. Nothing here may fail but fork_before_*; all run with the fork lock held.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/process/process.h"

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

// The pid that the next child will have is known. 0, -EAGAIN, -ERESTARTNOINTR.
i64 spare_fetch(struct posix_thread *self, struct identity *identity);
// Tells proc of the child that took the spare, and holds the next one. Its pid, or -EAGAIN: killed.
// next: where the next one goes.
i64 spare_tell(const struct spare *used, u32 signal, handle_t process, struct spare *next);

// What both sides of vfork hold: a stream whose writer the child closes.
struct latch {
	handle_t reader, writer;
};
// In the child, which is the spare from here on.
void child_become(struct posix_thread *self, const struct latch *latch);

// vfork's child in the parent's memory, when there is nobody else in it. 0: not possible.
i64 vfork_borrow(
	struct posix_thread *self, const struct process_clone *clone, const struct latch *latch);

// Of the only thread: the program's FS base (core/ or signal/ provides it).
[[gnu::weak]] void thread_set_fs(struct posix_thread *self, u64 base);

// Of a child in lent memory that was not released yet: its parent was killed, so that nobody will.
// It ends, if nobody was told of it either.
bool vfork_is_abandoned(void);

NONNULL_END
