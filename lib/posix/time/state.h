// SPDX-License-Identifier: MIT
// state.h - what time/ keeps of a process: its timers, and the machine's name as it knows it.
#pragma once

#include "lib/base/list.h"
#include "lib/base/pool.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/linux/time.h"

NONNULL_BEGIN

constexpr u32 HOST_NAME_MAX = 64;

// Random bytes of the process's own (getrandom.c).
struct generator {
	struct posix_lock lock;
	u32 owner;   // pid that the pool was seeded for; 0: not yet
	u32 answers; // since then
	struct pool pool;
	handle_t entropy; // owned; connection to servers/entropy
};

struct time_state {
	// Before all other locks: the helper has it while it works, and a process while its memory is
	// lent to a vfork child. The only part of struct posix that is not the child's meanwhile.
	struct posix_lock helper;
	struct posix_lock lock; // all but the names
	u32 pid;                // whose timers these are: a forked child has none
	u32 next;               // id of the next timer
	u32 is_watching;        // 1: clock_watch.c's thread is there
	handle_t port;          // owned; where the helper waits. HANDLE_NONE: there is no helper
	struct list timers;     // struct posix_timer.node
	struct generator generator;
	u8 host[HOST_NAME_MAX + 1], domain[HOST_NAME_MAX + 1]; // end with a zero
};

NONNULL_END
