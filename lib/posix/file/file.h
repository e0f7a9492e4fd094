// SPDX-License-Identifier: MIT
// file.h - the process's own part of open files: descriptors, working directory, umask, namespace.
// Private to the process, copied by fork and exec; what descriptions point to is shared (arena.h).
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/file/description.h"
#include "lib/tree/walk.h"

NONNULL_BEGIN

constexpr u32 TREES_MAX = 8;   // file servers with tables
constexpr u32 ARENAS_MAX = 64; // inherited along one line of forks
constexpr u64 ARENA_SIZE = 1024 * 1024;

struct descriptor {
	struct description *_Nullable description; // shared, refs; null: free
	handle_t handle;                           // owned
	u32 flags;                                 // enum descriptor_flag
};

// A directory that paths start from. text: in a mount without a table, the way from its root.
struct place {
	struct position at;
	u32 generation;
	u32 text_size;
	u8 *_Nullable text; // owned, in the heap
};

// Where a table comes from, for exec to map it again.
struct tree_source {
	handle_t memory; // owned
	u32 reserved;
	u64 offset, size;
	handle_t connection; // owned; speaks ifc/tree.ifc
};

// What answers below a mount without a table.
enum mount_kind : u32 {
	MOUNT_TREE,   // has a table
	MOUNT_SERVER, // its connection speaks ifc/file.ifc
	MOUNT_PROC,   // the process's own connection to proc does
	MOUNT_NAMES,  // /scheme: the first name says whose connection
};

struct mount_link {
	u32 kind;            // enum mount_kind
	handle_t connection; // owned
	// Of what was bound (bind.c): in a place without a table the mount that it is asked for in and
	// the way there; its line of /proc/self/mounts, which begins with the two paths.
	u32 is_bound, origin;
	u32 way_size, line_size, from_size, to_size;
	u8 *_Nullable way;  // owned, in the heap
	u8 *_Nullable line; // owned, in the heap
};

struct arena {
	handle_t memory; // owned; HANDLE_NONE: nothing is mapped here
	u32 next;        // where to look for a free description first
	u32 touched;     // from this one on none was ever used: its page is not there
};

// The connection that holds an open file's locks (lock_calls.c); a forked child holds it, too.
constexpr u32 HOLDERS_MAX = 64;
struct holder {
	struct description *_Nullable description; // null: free
	handle_t locker;                           // owned
};

// What calls use that another thread may close (pin.c).
struct pin {
	const struct description *description;
	u32 count;
};

struct file_state {
	struct posix_lock lock; // descriptors, places, arenas, namespace
	u32 umask;
	struct descriptor *_Nullable table; // owned, in the heap
	u32 capacity;
	u32 lowest; // all below are in use
	u32 top;    // none from here on was in use since exec
	u32 limit;  // as fork left it; RLIMIT_NOFILE counts
	u32 pin_count, pin_capacity;
	struct pin *_Nullable pins; // owned, in the heap
	u32 is_narrow;              // 1: without what only the privileged have
	u32 changes;                // atomic: of the table so far
	u32 own;         // index + 1 of the arena in which this process makes descriptions; 0: none
	handle_t locker; // owned; for locks of fcntl; not a forked child's
	u32 is_bound;    // 1: the namespace was changed, so that set-id programs get no powers in it
	struct place root, directory;
	struct tree trees[TREES_MAX];
	struct tree_source sources[TREES_MAX];
	u32 tree_count, mount_count;
	struct mount mounts[MOUNTS_MAX];
	struct mount_link links[MOUNTS_MAX];
	struct arena arenas[ARENAS_MAX];
	u32 holder_count;
	struct holder holders[HOLDERS_MAX];
	u32 has_terminals; // they are opened by servers/proc
	handle_t name;     // owned; connection to servers/name
};

NONNULL_END
