// SPDX-License-Identifier: MIT
// state.h - what core keeps of a process: its threads, its heap, where its words go.
#pragma once

#include "lib/base/list.h"
#include "lib/posix/core/heap.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/table.h"
#include "lib/posix/core/thread.h"

NONNULL_BEGIN

struct wait_set; // thread/waitv.c

struct core_state {
	struct heap heap;
	struct posix_lock threads_lock;       // threads and slots
	struct list threads;                  // struct posix_thread.node; the first thread is in it too
	struct wait_set *_Nullable wait_sets; // thread/waitv.c: waits at several words, under way
	u32 thread_count;
	u32 is_exiting;        // atomic: exit_group or exec is under way
	handle_t log;          // connection to servers/log; HANDLE_NONE: none
	handle_t console;      // resource, for tests that run without services
	handle_t image;        // memory: the library itself, for exec
	handle_t time, clock;  // memory: the pages at CLOCK_AREA, for exec
	handle_t clock_setter; // connection to servers/clock; the privileged have it
	u32 processors;        // 0: not counted yet
	// Atomic; owned: a stream that gets a line for every call (trace.h); forked children too.
	handle_t trace;
};

// Mostly never touched.
struct thread_slots {
	struct table_bits unknown;     // calls that were logged as unknown
	u64 mapped[THREAD_SLOTS / 64]; // have memory; under threads_lock
	u32 used[THREAD_SLOTS];        // atomic: 0 free; the kernel clears it when the thread is gone
};

NONNULL_END
