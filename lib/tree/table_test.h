// SPDX-License-Identifier: MIT
// table_test.h - a table for tests, and a quick way to fill it. There are two at a time.
#pragma once

#include "lib/tree/walk.h"
#include "lib/tree/write.h"

NONNULL_BEGIN

struct table {
	span_t memory;
	struct tree_writer writer;
};

static inline void table_save(void *place, usize size)
{
	(void)place;
	(void)size;
}

static inline struct table table_make(u32 inodes, u32 entries)
{
	alignas(PAGE_SIZE) static u8 memory[2][512 * 1024];
	static u32 next;
	struct tree_sizes sizes = { inodes, entries, 256, (u64)inodes * 1024 };
	struct table table = { .writer.save = table_save };
	table.memory = span_clamp(span_of(AT(memory, next++ % 2)), 0, tree_size(&sizes));
	span_fill(table.memory, 0);
	err_t err = tree_format(table.memory, &sizes, 7, 0755);
	if (err == OK)
		err = tree_attach(&table.writer.tree, span_view(table.memory));
	assert(err == OK);
	return table;
}

// A new inode of this mode under this name; a link says text.
static inline u32 table_add(
	struct table *table, u32 directory, const char *name, u32 mode, const char *text)
{
	u32 inode = TREE_NONE;
	if (tree_inode_make(&table->writer, mode, &inode) != OK)
		return TREE_NONE;
	tree_inode_of(&table->writer, inode)->links = 1;
	if ((mode & MODE_TYPE) == MODE_LINK &&
		tree_link_set(&table->writer, inode, view_cstring(text)) != OK)
		return TREE_NONE;
	if (tree_entry_add(&table->writer, directory, view_cstring(name), inode) != OK)
		return TREE_NONE;
	return inode;
}

NONNULL_END
