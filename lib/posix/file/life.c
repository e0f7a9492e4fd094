// SPDX-License-Identifier: MIT
// life.c - descriptors when a process forks and when it ends.
#include "lib/posix/core/posix.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/lock_calls.h"
#include "lib/posix/file/pin.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/process/fork.h"
#include "lib/posix/thread/thread.h"
#include "os/syscalls.h"

static struct file_state *files(void)
{
	return &posix_self()->files;
}

// Counts what a forked child will share, or takes it back.
static void count_all(bool has_more)
{
	for (u32 i = 0; i < files()->top; i++) {
		struct description *description = NOT_NULL(entry_at(i))->description;
		if (description && has_more)
			description_get(description);
		else if (description)
			(void)description_drop(description); // we have one ourselves
	}
}

i64 fork_before_file(struct posix_thread *self) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	posix_lock_take(&files()->lock);
	count_all(true);
	return 0;
}

void fork_parent_file(struct posix_thread *self, bool has_child) NO_THREAD_SAFETY_ANALYSIS
{
	(void)self;
	if (!has_child)
		count_all(false);
	posix_lock_give(&files()->lock);
}

void fork_child_file(struct posix_thread *self)
{
	struct file_state *state = files();
	(void)self;
	posix_lock_init(&state->lock);
	pins_forget();
	arenas_forked();
	if (state->locker.raw)
		(void)handle_close(state->locker); // range locks stay the parent's
	state->locker = HANDLE_NONE;
}

// The kernel closes handles; what others still share must not be counted for us any more, or it is
// never free again. Locks are given back before our parent hears of the end. Who is killed does not
// come here: its references stay, and its locks are given back a little later.
void exit_file(struct posix_thread *self)
{
	(void)self;
	posix_lock_take(&files()->lock);
	for (u32 i = 0; i < files()->top; i++) {
		struct descriptor *entry = NOT_NULL(entry_at(i));
		struct description *description = entry->description;
		struct file file = { .description = description };
		if (posix_self()->core.thread_count > 1) // otherwise nobody looks any more
			entry->description = nullptr;
		if (description)
			locks_closed(&file, true);
		if (!description || !description_drop(description))
			continue;
		watch_tell_closed(&file);
		description_free(description);
	}
	posix_lock_give(&files()->lock);
}
