// SPDX-License-Identifier: MIT
// state.h - what event/ keeps of a process: a port to wait for many things, and how many epoll sets
// there are.
#pragma once

#include "lib/base/list.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

struct event_state {
	// A port that nobody waits at just now; atomic, 0: none. A forked child does not use its
	// parent's: the pid it belongs to is kept above it.
	u64 port;
	struct posix_lock lock;                  // sets
	struct list sets;                        // struct epoll_set.node; a null link: not made yet
	u64 voice;                               // atomic: pid, and a handle (voice.c): owned
	u32 set_count;                           // atomic
	handle_t meet;                           // owned; connection to servers/meet; HANDLE_NONE: none
	u32 inodes;                              // atomic: numbers given to what has none
	struct queue_notices *_Nullable notices; // owned; queue_notice.c, under the lock of time_state
	struct poll_kept *_Nullable kept;        // atomic; owned: a list that was polled (poll_kept.c)
};

NONNULL_END
