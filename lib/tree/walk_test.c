// SPDX-License-Identifier: MIT
// walk_test.c - what Linux answers for each kind of path.
#include "lib/tree/walk.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/tree/table_test.h"

static struct table table, other;
static struct tree trees[2];
static struct mount mounts[4];
static struct names names;
static struct tree_credentials who;
static struct walk walk;
static u8 scratch[WALK_SCRATCH];
static u32 a, b, file, other_root, secret;

// /a/b/file, links, /m (other tree: /x), /r (remote), /secret (mode 0700 of another).
static void fill(void)
{
	a = table_add(&table, TREE_ROOT, "a", MODE_DIRECTORY | 0755, "");
	b = table_add(&table, a, "b", MODE_DIRECTORY | 0755, "");
	file = table_add(&table, b, "file", MODE_REGULAR | 0644, "");
	table_add(&table, TREE_ROOT, "up", MODE_LINK | 0777, "a/b/../b/");
	table_add(&table, TREE_ROOT, "abs", MODE_LINK | 0777, "/a/b/file");
	table_add(&table, TREE_ROOT, "loop", MODE_LINK | 0777, "loop");
	table_add(&table, TREE_ROOT, "dangling", MODE_LINK | 0777, "a/new");
	table_add(&table, b, "remote", MODE_LINK | 0777, "../../r/self");
	secret = table_add(&table, TREE_ROOT, "secret", MODE_DIRECTORY | 0700, "");
	tree_inode_of(&table.writer, secret)->user = 9;
	table_add(&table, secret, "in", MODE_REGULAR | 0666, "");
	u32 m = table_add(&table, TREE_ROOT, "m", MODE_DIRECTORY | 0755, "");
	u32 r = table_add(&table, TREE_ROOT, "r", MODE_DIRECTORY | 0755, "");
	other_root = table_add(&other, TREE_ROOT, "sub", MODE_DIRECTORY | 0755, "");
	table_add(&other, other_root, "x", MODE_REGULAR | 0644, "");
	mounts[0] = (struct mount){ .is_used = true, .root = TREE_ROOT };
	mounts[1] = (struct mount){
		.is_used = true, .tree = 1, .root = other_root, .point = m, .generation = 1
	};
	mounts[2] = (struct mount){ .is_used = true, .is_remote = true, .point = r, .generation = 1 };
}

static void begin(void)
{
	table = table_make(64, 64);
	other = table_make(64, 64);
	fill();
	trees[0] = table.writer.tree;
	trees[1] = other.writer.tree;
	names = (struct names){ trees, 2, mounts, 3 };
	who = (struct tree_credentials){ .user = 1 };
	walk = (struct walk){ .names = &names,
		.who = &who,
		.root = { 0, TREE_ROOT },
		.start = { 0, TREE_ROOT },
		.scratch = span_of(scratch) };
}

static err_t go(const char *path)
{
	return tree_walk(&walk, view_cstring(path));
}

TEST(walk_plain)
{
	begin();
	CHECK_OK(go("/a/b/file"));
	CHECK_EQ(walk.at.inode, file);
	CHECK_EQ(walk.directory.inode, b);
	CHECK(view_equal(walk.name, VIEW_TEXT("file")));
	CHECK_OK(go("//a///b//"));
	CHECK_EQ(walk.at.inode, b);
	CHECK(walk.has_slash);
	CHECK_OK(go("/"));
	CHECK_EQ(walk.at.inode, TREE_ROOT);
	CHECK_EQ(walk.last, LAST_ROOT);
	CHECK_OK(go("a/./b/../../a/b/."));
	CHECK_EQ(walk.at.inode, b);
	CHECK_EQ(walk.last, LAST_DOT);
	CHECK_OK(go("/../.."));
	CHECK_EQ(walk.at.inode, TREE_ROOT);
	CHECK_EQ(walk.last, LAST_PARENT);
	walk.start = (struct position){ 0, b };
	CHECK_OK(go("file"));
	CHECK_EQ(walk.at.inode, file);
	CHECK_OK(go("../b/file"));
	CHECK_EQ(walk.at.inode, file);
}

TEST(walk_absent)
{
	begin();
	CHECK_OK(go("/a/none"));
	CHECK_EQ(walk.at.inode, TREE_NONE);
	CHECK_EQ(walk.directory.inode, a);
	CHECK_OK(go("/a/none/"));
	CHECK(walk.has_slash);
	CHECK_EQ(go("/a/none/x"), ERR_NOT_FOUND);
	CHECK_EQ(go("/a/b/file/x"), ERR_NOT_DIRECTORY);
	CHECK_EQ(go("/a/b/file/"), ERR_NOT_DIRECTORY);
	CHECK_EQ(go("/a/b/file/.."), ERR_NOT_DIRECTORY);
	char name[300] = {};
	memset(name, 'n', 256);
	CHECK_EQ(go(name), ERR_TOO_BIG);
	name[255] = 0;
	CHECK_OK(go(name));
}

TEST(walk_links)
{
	begin();
	CHECK_OK(go("/up/file"));
	CHECK_EQ(walk.at.inode, file);
	CHECK_OK(go("/up"));
	CHECK_EQ(walk.at.inode, b);
	CHECK_OK(go("/a/../abs"));
	CHECK_EQ(walk.at.inode, file);
	CHECK_EQ(go("/abs/"), ERR_NOT_DIRECTORY);
	CHECK_EQ(go("/loop"), ERR_LOOP);
	CHECK_OK(go("/dangling"));
	CHECK_EQ(walk.directory.inode, a);
	CHECK(view_equal(walk.name, VIEW_TEXT("new")));
	walk.flags = WALK_NO_FOLLOW;
	CHECK_OK(go("/abs"));
	CHECK_EQ(tree_type(trees, walk.at.inode), MODE_LINK);
	CHECK_OK(go("/up/"));
	CHECK_EQ(walk.at.inode, b);
	walk.flags = WALK_NO_LINKS;
	CHECK_EQ(go("/up/file"), ERR_LOOP);
}

// 40 links are followed, 41 are not.
TEST(walk_many_links)
{
	begin();
	char name[8], text[8];
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof name, "l%d", i);
		snprintf(text, sizeof text, i ? "l%d" : "a", i - 1);
		CHECK(table_add(&table, TREE_ROOT, name, MODE_LINK, text) != 0);
	}
	CHECK_OK(go("/l39"));
	CHECK_EQ(walk.at.inode, a);
	CHECK_EQ(go("/l40"), ERR_LOOP);
}

TEST(walk_permissions)
{
	begin();
	CHECK_EQ(go("/secret/in"), ERR_RIGHTS);
	CHECK_OK(go("/secret"));
	CHECK(!tree_may_reach(trees, secret, &who));
	CHECK(tree_may_reach(trees, b, &who));
	who.capabilities = CAPABILITY_DAC_READ_SEARCH;
	CHECK_OK(go("/secret/in"));
}

TEST(walk_mounts)
{
	begin();
	CHECK_OK(go("/m/x"));
	CHECK_EQ(walk.at.mount, 1);
	CHECK_OK(go("/m"));
	CHECK_EQ(walk.at.inode, other_root);
	CHECK_EQ(walk.at.mount, 1);
	CHECK_OK(go("/m/../a"));
	CHECK_EQ(walk.at.inode, a);
	CHECK_OK(go("/r/1/stat"));
	CHECK(walk.is_remote);
	CHECK(view_equal(walk.rest, VIEW_TEXT("1/stat")));
	CHECK_OK(go("/r/1/../../a/b"));
	CHECK(!walk.is_remote);
	CHECK_EQ(walk.at.inode, b);
	CHECK_OK(go("/r"));
	CHECK(walk.is_remote);
	CHECK_EQ(walk.rest.size, 0);
	CHECK_OK(go("/a/b/remote"));
	CHECK(walk.is_remote);
	CHECK(view_equal(walk.rest, VIEW_TEXT("self")));
	walk.flags = WALK_NO_MOUNTS;
	CHECK_EQ(go("/m/x"), ERR_CROSS_DEVICE);
}

TEST(walk_in_root)
{
	begin();
	walk.start = walk.root = (struct position){ 0, a };
	CHECK_OK(go("/../b/file"));
	CHECK_EQ(walk.at.inode, file);
	CHECK_EQ(go("/a/b"), ERR_NOT_FOUND);
	walk.root = (struct position){ 0, TREE_ROOT };
	walk.flags = WALK_BENEATH;
	CHECK_EQ(go("../a"), ERR_CROSS_DEVICE);
	CHECK_EQ(go("/a"), ERR_CROSS_DEVICE);
	CHECK_OK(go("b/../b"));
	walk.flags = WALK_IN_ROOT;
	CHECK_OK(go("/../b"));
	CHECK_EQ(walk.at.inode, b);
}

static bool is_path(struct position at, const char *wanted)
{
	u8 out[TREE_PATH_MAX];
	view_t path;
	err_t err = tree_path(&walk, at, span_of(out), &path);
	return err == OK && view_equal(path, view_cstring(wanted));
}

TEST(walk_paths)
{
	begin();
	CHECK(is_path((struct position){ 0, b }, "/a/b"));
	CHECK(is_path((struct position){ 0, TREE_ROOT }, "/"));
	CHECK(is_path((struct position){ 1, other_root }, "/m"));
	CHECK(is_path((struct position){ 2, 0 }, "/r"));
	walk.root = (struct position){ 0, a };
	CHECK(is_path((struct position){ 0, b }, "/b"));
	u8 out[64];
	view_t path;
	CHECK_EQ(tree_path(&walk, (struct position){ 0, secret }, span_of(out), &path), ERR_NOT_FOUND);
}
