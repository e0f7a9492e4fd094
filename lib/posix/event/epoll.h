// SPDX-License-Identifier: MIT
// epoll.h - a set of watched files. It is the process's own: a forked child has a copy, and both
// wait at one port (docs/conformance.md).
#pragma once

#include "lib/base/list.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/event/poll.h"

NONNULL_BEGIN

struct epoll_item {
	// Not pinned: event_closed takes the item away. Its handle is the item's own, as another
	// descriptor may be left when that one is closed; but not of a list of poll's.
	struct file file;
	u32 events; // with flags; 0 beside the flags: asleep (EPOLLONESHOT)
	u32 serial;
	u64 data;
	u64 round;      // of the collection that saw it last
	u32 slot;       // where that one reports it
	bool is_polled; // nothing is tied for it: looked at each time
};

struct epoll_set {
	struct list_node node; // in event_state.sets
	struct posix_lock lock;
	handle_t port;                                 // owned
	struct epoll_item *_Nullable *_Nullable items; // owned; by index, null: free
	u32 size, count, polled, serial;
	u64 round;
	u32 misses;        // of this collection: told, but gone again
	bool is_kept;      // no open file, but a list of poll's (poll_kept.c)
	bool is_inherited; // made by an ancestor: what is closed here stays tied for the others
};

// One collection: events for the program.
struct epoll_report {
	struct linux_epoll_event *event; // room
	u32 room, count;
};

constexpr u32 EPOLL_NESTS_MAX = 5; // sets within one another, as on Linux

struct epoll_set *epoll_set_of(const struct file *file); // of a file of kind FILE_EPOLL

// Whether inner may be put into outer: -ELOOP if outer is within it, or too many are within one
// another. event_state.lock held; sets: event_state.sets.
i64 epoll_nest_check(
	const struct list *sets, const struct epoll_set *outer, struct epoll_set *inner);

struct epoll_item *_Nullable epoll_item_at(const struct epoll_set *set, u32 index);
struct epoll_item *_Nullable epoll_find(
	const struct epoll_set *set, const struct file *file, u32 *index);
i64 epoll_add(
	struct epoll_set *set, const struct file *file, const struct linux_epoll_event *event);
void epoll_change(struct epoll_set *set, u32 index, const struct linux_epoll_event *event);
void epoll_remove(struct epoll_set *set, u32 index);

// One whose file was closed.
void epoll_forget(struct epoll_set *set, u32 index);
// The process's sets, which learn what is closed. leave: all items go.
void epoll_set_enter(struct epoll_set *set);
void epoll_set_leave(struct epoll_set *set);
// Until one is ready or the deadline passes: how many are, or -ERESTARTNOHAND for a signal.
i64 epoll_set_wait(
	struct posix_thread *self, struct epoll_set *set, u64 deadline, struct epoll_report *report);

// set->lock held: whatever is ready now goes into the report; first: an event that was waited for.
void epoll_collect(struct posix_thread *self, struct epoll_set *set,
	const struct port_event *_Nullable first, struct epoll_report *report);

NONNULL_END
