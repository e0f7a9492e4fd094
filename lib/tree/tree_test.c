// SPDX-License-Identifier: MIT
// tree_test.c - entries come and go as a model says; full tables say so; times; permissions.
#include "lib/tree/tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/test.h"
#include "lib/tree/table_test.h"

TEST(tree_empty)
{
	struct table table = table_make(16, 16);
	const struct tree *tree = &table.writer.tree;
	CHECK_EQ(tree_type(tree, TREE_ROOT), MODE_DIRECTORY);
	CHECK_EQ(tree_find(tree, TREE_ROOT, VIEW_TEXT("x")), TREE_NONE);
	CHECK_EQ(tree_next_entry(tree, TREE_ROOT, 0, TREE_NONE), TREE_NONE);
	CHECK_EQ(tree_parent(tree, TREE_ROOT), TREE_ROOT);
	CHECK_EQ(tree_mode(tree, 77), 0);
	CHECK(tree_holds(tree));
}

TEST(tree_full)
{
	struct table table = table_make(4, 4);
	CHECK_EQ(table_add(&table, TREE_ROOT, "a", MODE_REGULAR, ""), 2);
	CHECK_EQ(table_add(&table, TREE_ROOT, "b", MODE_REGULAR, ""), 3);
	CHECK_EQ(table_add(&table, TREE_ROOT, "c", MODE_REGULAR, ""), TREE_NONE);
	tree_entry_remove(&table.writer, tree_find(&table.writer.tree, TREE_ROOT, VIEW_TEXT("a")));
	tree_inode_free(&table.writer, 2);
	CHECK_EQ(table_add(&table, TREE_ROOT, "c", MODE_REGULAR, ""), 2);
	CHECK_EQ(tree_inode(&table.writer.tree, 2)->generation, 3);
	CHECK(tree_holds(&table.writer.tree));
}

constexpr u32 NAMES = 300;

static void name_of(char *out, u32 n)
{
	sprintf(out, "%0*u", (int)(n % 200 + 3), n); // of many lengths
}

static void toggle(struct table *table, u32 *model, u32 n)
{
	char name[256];
	name_of(name, n);
	u32 entry = tree_find(&table->writer.tree, TREE_ROOT, view_cstring(name));
	CHECK_EQ(entry != TREE_NONE, model[n] != 0);
	if (entry == TREE_NONE) {
		model[n] = table_add(table, TREE_ROOT, name, MODE_REGULAR, "");
		CHECK(model[n] != 0);
		return;
	}
	CHECK_EQ(tree_entry(&table->writer.tree, entry)->inode, model[n]);
	tree_entry_remove(&table->writer, entry);
	tree_inode_free(&table->writer, model[n]);
	model[n] = 0;
}

static u32 listed(const struct tree *tree)
{
	u32 count = 0;
	u64 cookie = 0;
	for (u32 i = TREE_NONE; (i = tree_next_entry(tree, TREE_ROOT, cookie, i)) != TREE_NONE; count++)
		cookie = tree_entry(tree, i)->cookie;
	return count;
}

TEST(tree_model)
{
	struct table table = table_make(NAMES + 2, NAMES + 2);
	u32 model[NAMES] = {}, count = 0;
	srand(1);
	for (u32 i = 0; i < 20000; i++)
		toggle(&table, model, (u32)rand() % NAMES);
	for (u32 n = 0; n < NAMES; n++)
		count += model[n] != 0;
	CHECK_EQ(listed(&table.writer.tree), count);
	CHECK_EQ(tree_inode(&table.writer.tree, TREE_ROOT)->count, count);
	CHECK(tree_holds(&table.writer.tree));
}

// The next one is found from any cookie, with a good hint, a stale one and none.
TEST(tree_listing)
{
	struct table table = table_make(32, 32);
	const struct tree *tree = &table.writer.tree;
	for (char name[2] = "a"; name[0] < 'k'; name[0]++)
		table_add(&table, TREE_ROOT, name, MODE_REGULAR, "");
	u32 third = tree_next_entry(tree, TREE_ROOT, 2, TREE_NONE);
	CHECK_EQ(tree_entry(tree, third)->cookie, 3);
	CHECK_EQ(
		tree_next_entry(tree, TREE_ROOT, 3, third), tree_next_entry(tree, TREE_ROOT, 3, TREE_NONE));
	tree_entry_remove(&table.writer, third);
	CHECK_EQ(tree_entry(tree, tree_next_entry(tree, TREE_ROOT, 3, third))->cookie, 4);
	CHECK_EQ(tree_entry(tree, tree_next_entry(tree, TREE_ROOT, 2, TREE_NONE))->cookie, 4);
	CHECK_EQ(tree_next_entry(tree, TREE_ROOT, 10, TREE_NONE), TREE_NONE);
	CHECK(tree_holds(tree));
}

TEST(tree_reader_notices)
{
	struct table table = table_make(16, 16);
	const struct tree *tree = &table.writer.tree;
	u32 sequence = tree_begin(tree);
	CHECK(tree_is_same(tree, sequence));
	tree_change_begin(&table.writer);
	CHECK(!tree_is_same(tree, sequence));
	CHECK(!tree_is_same(tree, tree_begin(tree)));
	tree_change_settle(&table.writer);
	CHECK(!tree_is_same(tree, sequence));
	sequence = tree_begin(tree);
	tree_change_settle(&table.writer);
	CHECK(tree_is_same(tree, sequence));
}

TEST(tree_times)
{
	struct tree_inode inode = { .mode = MODE_REGULAR, .modified_ns = 5, .clocks = CLOCK_MODIFIED };
	bool is_real;
	CHECK_EQ(tree_modified(&inode, &is_real), 5);
	CHECK(is_real);
	inode.written_ns = 9;
	CHECK_EQ(tree_modified(&inode, &is_real), 9);
	CHECK(!is_real);
	inode.written_floor = 9;
	CHECK_EQ(tree_modified(&inode, &is_real), 5);
}

TEST(tree_permissions)
{
	const u32 groups[] = { 7, 8 };
	struct tree_credentials user = { .user = 1, .group = 2, .groups = groups, .group_count = 2 };
	struct tree_credentials root = { .capabilities = CAPABILITY_DAC_OVERRIDE };
	struct tree_inode inode = { .mode = MODE_REGULAR | 0640, .user = 1, .group = 9 };
	CHECK(tree_may(&inode, &user, ACCESS_READ | ACCESS_WRITE));
	CHECK(!tree_may(&inode, &user, ACCESS_EXECUTE));
	CHECK(tree_may(&inode, &root, ACCESS_READ | ACCESS_WRITE));
	CHECK(!tree_may(&inode, &root, ACCESS_EXECUTE));
	inode.user = 3;
	CHECK(!tree_may(&inode, &user, ACCESS_READ));
	inode.group = 8;
	CHECK(tree_may(&inode, &user, ACCESS_READ));
	CHECK(!tree_may(&inode, &user, ACCESS_WRITE));
	inode.mode = MODE_REGULAR | 0077; // the owner has less than others
	inode.user = 1;
	CHECK(!tree_may(&inode, &user, ACCESS_READ));
	struct tree_inode sticky = { .mode = MODE_DIRECTORY | MODE_STICKY | 0777, .user = 0 };
	CHECK(tree_may_remove(&sticky, &inode, &user));
	inode.user = 4;
	CHECK(!tree_may_remove(&sticky, &inode, &user));
}
