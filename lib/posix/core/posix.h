// SPDX-License-Identifier: MIT
// posix.h - what a POSIX process is to its library: one struct at PROCESS_AREA, the rest of the
// area is the library's heap (core/heap.h). Private to the process; a copy of it is what fork and
// exec hand on. Each part belongs to the folder named beside it. Lock order: identity,
// files, areas, actions, events, time, core.
#pragma once

#include "abi/types.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/core/state.h"
#include "lib/posix/event/state.h"
#include "lib/posix/file/file.h"
#include "lib/posix/memory/area.h"
#include "lib/posix/process/identity.h"
#include "lib/posix/signal/action.h"
#include "lib/posix/time/state.h"

NONNULL_BEGIN

// Page tables are most of what an address space costs, so what every process touches lies together:
// the first threads, image, clocks, slots and the start of the process area in one table, the first
// arena and the start of the first table of files in another.
constexpr u64 POSIX_IMAGE = 0xffff'8000'1008'0000; // below it the threads; room for 512 KiB
constexpr u64 PROCESS_AREA =
	0xffff'8000'1016'0000; // below it the first thread, in one mapping with it
constexpr u64 PROCESS_AREA_SIZE = (u64)64 << 20; // reserved and mapped; pages come when touched
constexpr u64 PROCESS_HEAP_END = PROCESS_AREA_SIZE / 2; // behind it: process/vfork.c
constexpr u64 BARRIER_PAGE = PROCESS_AREA + PROCESS_AREA_SIZE + PAGE_SIZE; // thread/barrier.c
constexpr u64 TABLE_AREA = 0xffff'8000'2010'0000;
constexpr u64 TABLE_SPACING = 1ull << 32;
constexpr u64 ARENA_AREA_END = TABLE_AREA;        // arena 0 is the highest
constexpr u64 POSIX_MAGIC = 0x7869'736f'70'63ull; // "cposix"

// What every fork and exec writes comes first and is less than a page, so that it is one page that
// parent and child must have for themselves.
struct posix {
	u64 magic;
	u64 used; // bytes of the process area in use, this struct first: what exec copies
	struct identity identity;  // process/: pid, parent's, spare, connection to proc
	struct core_state core;    // core/: threads, heap, log
	struct area_state areas;   // memory/: brk, what was mapped by whom
	struct event_state events; // event/: ports for waiting, epoll sets
	struct time_state time;    // time/: timers, the name of the machine
	struct actions actions;    // signal/: dispositions
	struct file_state files;   // file/: descriptors, working directory, umask, namespace
	struct thread_slots slots; // core/
};

static inline struct posix *posix_self(void)
{
	UNSAFE_BEGIN("mapped there for every POSIX process")
	return (struct posix *)PROCESS_AREA;
	UNSAFE_END
}
static_assert(PROCESS_AREA + offsetof(struct posix, identity) == IDENTITY_ADDRESS);
static_assert(offsetof(struct posix, files.trees) <= PAGE_SIZE);
static_assert(THREAD_AREA + THREAD_SLOTS * THREAD_SLOT_SIZE == POSIX_IMAGE);
static_assert(SLOT_AREA + SLOT_AREA_SIZE <= PROCESS_AREA - THREAD_SLOT_SIZE);
static_assert(BARRIER_PAGE + PAGE_SIZE <= ARENA_AREA_END - ARENAS_MAX * ARENA_SIZE);

NONNULL_END
