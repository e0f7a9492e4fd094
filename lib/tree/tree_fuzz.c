// SPDX-License-Identifier: MIT
// tree_fuzz.c - a good table with any bytes written over it, and bytes that were never a table: the
// readers stay within it and come to an end. Input: pairs of place and value, then a path.
#include "lib/tree/tree.h"

#include <string.h>

#include "lib/base/test.h"
#include "lib/tree/table_test.h"

struct change {
	u16 at;
	u8 where; // which part of the table
	u8 value;
};

static void fill(struct table *table)
{
	u32 a = table_add(table, TREE_ROOT, "a", MODE_DIRECTORY | 0755, "");
	u32 b = table_add(table, a, "b", MODE_DIRECTORY | 0755, "");
	table_add(table, b, "f", MODE_REGULAR | 0644, "");
	table_add(table, a, "l", MODE_LINK | 0777, "../a/b/f");
	table_add(table, TREE_ROOT, "k", MODE_LINK | 0777, "/a");
}

static void overwrite(struct table *table, struct change change)
{
	const struct tree_head *head = table->writer.tree.head;
	u64 parts[] = { 0, PAGE_SIZE, head->entries_at, head->buckets_at, head->names_at };
	u64 at = parts[change.where % 5] + change.at % 1024;
	if (change.where % 5 == 0)
		at = change.at % sizeof *head;
	if (at < table->memory.size)
		*span_at(table->memory, at) = change.value;
}

static void read_all(const struct tree *tree, view_t path)
{
	static u8 scratch[WALK_SCRATCH];
	struct mount mounts[2] = {
		{ .is_used = true, .root = TREE_ROOT, .entry = TREE_NONE },
		{ .is_used = true, .root = TREE_ROOT, .entry = TREE_NONE, .point = 3, .generation = 1 },
	};
	struct names names = { tree, 1, mounts, 2 };
	struct tree_credentials who = { .user = 1 };
	struct walk walk = { .names = &names,
		.who = &who,
		.root = { 0, TREE_ROOT },
		.start = { 0, 2 },
		.scratch = span_of(scratch) };
	u8 out[TREE_PATH_MAX];
	view_t text;
	(void)tree_walk(&walk, path);
	(void)tree_path(&walk, walk.at, span_of(out), &text);
	(void)tree_may_reach(tree, 3, &who);
	u64 cookie = 0;
	u32 i = TREE_NONE;
	for (u32 left = 100; left && (i = tree_next_entry(tree, 2, cookie, i)) != TREE_NONE; left--)
		cookie = tree_entry(tree, i)->cookie;
	(void)tree_holds(tree);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct table table = table_make(32, 32);
	struct tree tree = table.writer.tree;
	fill(&table);
	usize count = size ? data[0] % 32 : 0, at = 1;
	for (; count && at + sizeof(struct change) <= size; count--, at += sizeof(struct change)) {
		struct change change;
		memcpy(&change, data + at, sizeof change);
		overwrite(&table, change);
	}
	read_all(&tree, view_from_offset(view_from(data, size), at)); // attached before
	if (tree_attach(&tree, span_view(table.memory)) == OK)
		read_all(&tree, view_from_offset(view_from(data, size), at));
	return 0;
}
