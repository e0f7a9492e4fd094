// SPDX-License-Identifier: MIT
// fork.c - memory's part of a fork: the child's tables are whole.
#include "lib/posix/process/fork.h"

#include "lib/posix/core/posix.h"
#include "lib/posix/memory/map.h"

i64 fork_before_memory(struct posix_thread *self) NO_THREAD_SAFETY_ANALYSIS // given back below
{
	(void)self;
	posix_lock_take(&posix_self()->areas.lock);
	return 0;
}

void fork_parent_memory(struct posix_thread *self, bool has_child) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	(void)has_child;
	posix_lock_give(&posix_self()->areas.lock);
}

void fork_child_memory(struct posix_thread *self)
{
	(void)self;
	posix_lock_init(&posix_self()->areas.lock);
	locked_close(&posix_self()->areas); // locks are not inherited
}
