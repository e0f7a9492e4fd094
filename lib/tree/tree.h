// SPDX-License-Identifier: MIT
// tree.h - the layout of the tables in which a file server publishes names and attributes
// (docs/decisions/017), and how a reader looks at them. A reader believes nothing: each number out
// of a table is compared with the table's size, which it learned once and keeps to itself.
// Data: head, inodes, entries, buckets of entries by (directory, name), heap of names.
#pragma once

#include "lib/base/atomic.h"
#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u64 TREE_MAGIC = 0x3165'6572'5465'6c69;
constexpr u32 TREE_NONE = 0; // index of no inode, no entry
constexpr u32 TREE_ROOT = 1; // inode of the root directory
constexpr u32 TREE_NAME_MAX = 255;
constexpr u32 TREE_PATH_MAX = 4096;    // with the closing zero, as Linux counts
constexpr u32 TREE_NAME_UNIT = 16;     // names begin at multiples of it
constexpr u32 TREE_NAME_CLASSES = 256; // sizes of names in units: up to 4 KiB

// Linux's.
enum tree_mode : u32 {
	MODE_TYPE = 0170000,
	MODE_SOCKET = 0140000,
	MODE_LINK = 0120000,
	MODE_REGULAR = 0100000,
	MODE_BLOCK = 0060000,
	MODE_DIRECTORY = 0040000,
	MODE_CHARACTER = 0020000,
	MODE_FIFO = 0010000,
	MODE_SET_USER = 04000,
	MODE_SET_GROUP = 02000,
	MODE_STICKY = 01000,
	MODE_ALL = 07777,
};

// Times are nanoseconds of the monotonic clock, or, with its bit in clocks, since 1970.
enum tree_clock : u32 { CLOCK_ACCESSED = 1, CLOCK_MODIFIED = 2, CLOCK_CHANGED = 4 };

struct tree_inode {
	u64 length; // these two: for regular files written by the kernel (docs/decisions/016)
	u64 written_ns;
	u32 mode; // 0: free
	u32 generation;
	u32 user, group;
	u32 links; // 0: regular, without a name, while it is open
	u32 entry; // directory: its own name, root: 0. Free: the next free inode
	u32 first; // directory: entry with the lowest cookie. Link: where its text is, in units
	u32 last;
	u64 cookie; // directory: of the last entry made
	i64 accessed_ns, modified_ns, changed_ns;
	u64 written_floor; // written_ns counts, and not modified_ns, if it is more than this
	u32 device;        // character and block devices: as Linux numbers them
	u32 clocks;        // enum tree_clock
	u32 contents;      // the server's handle
	u32 count;         // directory: entries
	u64 image;         // the server's: where its bytes are in the boot image
	u32 watched;       // what somebody wants to be told of: Linux's mask of inotify
	u32 is_linkable;   // has no name, and may get one (O_TMPFILE)
	u32 reserved[2];
};
static_assert(sizeof(struct tree_inode) == 128);

struct tree_entry {
	u32 directory; // inode; 0: free
	u32 inode;
	u32 name; // in units
	u16 size; // of the name
	u16 type; // of the inode: mode >> 12
	u32 hash;
	u32 chain; // next in the bucket. Free: the next free entry
	u32 next, previous;
	u64 cookie; // rises within a directory, is never given twice
};
static_assert(sizeof(struct tree_entry) == 40);

struct tree_head {
	u64 magic;
	u32 sequence; // odd: being changed
	u32 inodes, entries, buckets;
	u64 names; // bytes
	u64 inodes_at, entries_at, buckets_at, names_at;
	u64 size;    // of everything
	u32 seed;    // of hashes
	u32 watches; // how many inodes are watched, by how many
	// The server's own from here on.
	u32 free_inode, fresh_inode, used_inodes;
	u32 free_entry, fresh_entry, used_entries;
	u32 fresh_name; // in units
	u32 free_names[TREE_NAME_CLASSES];
};

// A reader's view of one table. Everything here is its own.
struct tree {
	const struct tree_head *head;
	const struct tree_inode *inodes;
	const struct tree_entry *entries;
	const u32 *buckets;
	view_t names;
	u32 inode_count, entry_count, bucket_mask, seed;
};

// ERR_CORRUPT: the memory holds no table, or one that leaves it.
err_t tree_attach(struct tree *out, view_t table);

// A read is tree_begin, looks, tree_is_same; what was seen counts only when that says true.
static inline u32 tree_begin(const struct tree *tree)
{
	return atomic_load_acquire(&tree->head->sequence); // pairs with tree_change_end
}

static inline bool tree_is_same(const struct tree *tree, u32 sequence)
{
	atomic_fence_acquire(); // pairs with tree_change_begin
	return !(sequence & 1) && atomic_load_relaxed(&tree->head->sequence) == sequence;
}

// The record of this number; for one outside the table, that of inode 0, which is always free.
static inline const struct tree_inode *tree_inode(const struct tree *tree, u32 number)
{
	UNSAFE_BEGIN("compared with the table's size")
	return &tree->inodes[number < tree->inode_count ? number : TREE_NONE];
	UNSAFE_END
}

static inline const struct tree_entry *tree_entry(const struct tree *tree, u32 number)
{
	UNSAFE_BEGIN("compared with the table's size")
	return &tree->entries[number < tree->entry_count ? number : TREE_NONE];
	UNSAFE_END
}

static inline u32 tree_mode(const struct tree *tree, u32 number)
{
	return atomic_load_relaxed(&tree_inode(tree, number)->mode);
}

static inline u32 tree_type(const struct tree *tree, u32 number)
{
	return tree_mode(tree, number) & MODE_TYPE;
}

// Empty when it would leave the heap.
view_t tree_text(const struct tree *tree, u32 unit, u32 size);
view_t tree_name_of(const struct tree *tree, const struct tree_entry *entry);
view_t tree_link_text(const struct tree *tree, u32 inode);
// The directory that a directory is in; the root's is itself.
u32 tree_parent(const struct tree *tree, u32 directory);

u32 tree_hash(const struct tree *tree, u32 directory, view_t name);
// The entry of this name; TREE_NONE: there is none.
u32 tree_find(const struct tree *tree, u32 directory, view_t name);
// The entry with the lowest cookie above this one. hint: where the last one was, or TREE_NONE.
u32 tree_next_entry(const struct tree *tree, u32 directory, u64 cookie, u32 hint);
// The modification time, and whether it is real time.
u64 tree_modified(const struct tree_inode *inode, bool *is_real);

NONNULL_END
