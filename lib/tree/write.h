// SPDX-License-Identifier: MIT
// write.h - how a file server changes its tables. Whoever changes something first has `save` called
// with the place: the old bytes go to the ledger's notes (docs/decisions/015). Rules of names,
// permissions and link counts are the caller's; here only the tables are kept whole.
#pragma once

#include "lib/tree/tree.h"

NONNULL_BEGIN

struct tree_sizes {
	u32 inodes, entries, buckets; // buckets: a power of two
	u64 names;
};

struct tree_writer {
	struct tree tree; // the same table, as readers see it
	void (*save)(void *place, usize size);
};

// Changes one field.
#define TREE_SET(writer, place, value)                                                             \
	do {                                                                                           \
		typeof(place) *tree_place_ = &(place);                                                     \
		(writer)->save(tree_place_, sizeof(place));                                                \
		*tree_place_ = (value);                                                                    \
	} while (0)

u64 tree_size(const struct tree_sizes *sizes);
// Makes an empty table with a root directory of this mode in zeroed memory. ERR_RANGE: too small.
err_t tree_format(span_t table, const struct tree_sizes *sizes, u32 seed, u32 mode);

// Around each change, and nothing else in between.
void tree_change_begin(const struct tree_writer *writer);
void tree_change_end(const struct tree_writer *writer);
// After a restart, when the change was undone or had been committed.
void tree_change_settle(const struct tree_writer *writer);

static inline struct tree_inode *tree_inode_of(const struct tree_writer *writer, u32 number)
{
	UNSAFE_BEGIN("the writer's own table, which it mapped to write")
	return (struct tree_inode *)tree_inode(&writer->tree, number);
	UNSAFE_END
}

static inline struct tree_entry *tree_entry_of(const struct tree_writer *writer, u32 number)
{
	UNSAFE_BEGIN("the writer's own table, which it mapped to write")
	return (struct tree_entry *)tree_entry(&writer->tree, number);
	UNSAFE_END
}

// A new inode, zero but for mode and generation. ERR_NO_SPACE.
err_t tree_inode_make(const struct tree_writer *writer, u32 mode, u32 *out);
void tree_inode_free(const struct tree_writer *writer, u32 inode); // gives back a link's text, too
// What a new symbolic link says. ERR_NO_SPACE.
err_t tree_link_set(const struct tree_writer *writer, u32 inode, view_t text);

// A name; it must not be there yet. ERR_NO_SPACE: nothing has changed.
err_t tree_entry_add(const struct tree_writer *writer, u32 directory, view_t name, u32 inode);
void tree_entry_remove(const struct tree_writer *writer, u32 entry);
// The name leads to another inode from now on.
void tree_entry_point(const struct tree_writer *writer, u32 entry, u32 inode);

// Does everything fit together? For a table that was found after a restart.
bool tree_holds(const struct tree *tree);

NONNULL_END
