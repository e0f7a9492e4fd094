// SPDX-License-Identifier: MIT
// names.c - what may be made, linked, moved and taken away, and what the tables say then.
#include "test/guest/ramfs/ramfs_test.h"

// What nobody has open any more. The server hears of that by a message of its own.
static bool is_forgotten(const struct made *file)
{
	for (u32 i = 0; i < 100; i++) {
		(void)tree_settle(master);
		if (look(file->inode).generation != file->generation)
			return true;
	}
	return false;
}

void test_names(void)
{
	struct made a, f;
	CHECK_OK(make(master, TREE_ROOT, "names", FOLDER, &a));
	CHECK_EQ(find(TREE_ROOT, "names"), a.inode);
	CHECK_EQ(look(a.inode).links, 2);
	CHECK_EQ(make(master, TREE_ROOT, "names", FOLDER, &f), ERR_EXISTS);
	CHECK_EQ(make(master, a.inode, "..", FOLDER, &f), ERR_INVALID);
	CHECK_EQ(make(master, a.inode, "x/y", FILE, &f), ERR_INVALID);
	CHECK_EQ(make(master, a.inode, "", FILE, &f), ERR_NOT_FOUND);
	CHECK_OK(make(master, a.inode, "file", FILE, &f));
	CHECK_OK(link(master, f.inode, a.inode, "other"));
	CHECK_EQ(look(f.inode).links, 2);
	CHECK_EQ(link(master, a.inode, a.inode, "loop"), ERR_NOT_OWNER);
	CHECK_EQ(unlink(master, TREE_ROOT, "names", 0), ERR_IS_DIRECTORY);
	CHECK_EQ(unlink(master, TREE_ROOT, "names", REMOVE_DIRECTORY), ERR_NOT_EMPTY);
	CHECK_EQ(unlink(master, a.inode, "file", REMOVE_DIRECTORY), ERR_NOT_DIRECTORY);
	CHECK_OK(unlink(master, a.inode, "file", 0));
	CHECK_EQ(look(f.inode).links, 1);
	CHECK_OK(unlink(master, a.inode, "other", 0));
	CHECK_EQ(look(f.inode).links, 0);
	CHECK_EQ(look(f.inode).generation, f.generation); // it is open
	CHECK_EQ(unlink(master, a.inode, "other", 0), ERR_NOT_FOUND);
	CHECK_EQ(link(master, f.inode, a.inode, "again"), ERR_NOT_FOUND);
	CHECK_OK(handle_close(f.contents));
	CHECK(is_forgotten(&f));
	CHECK_OK(make_link(master, a.inode, "link", "some/where"));
	CHECK(view_equal(tree_link_text(&tree, find(a.inode, "link")), VIEW_TEXT("some/where")));
	CHECK_EQ(make_link(master, a.inode, "empty", ""), ERR_NOT_FOUND);
	CHECK_OK(unlink(master, a.inode, "link", 0));
	CHECK_OK(unlink(master, TREE_ROOT, "names", REMOVE_DIRECTORY));
	CHECK_EQ(find(TREE_ROOT, "names"), 0);
}

static err_t move(u32 from, const char *name, u32 to, const char *new_name)
{
	return rename(master, &(struct names_of){ from, to, name, new_name }, 0);
}

static void fill(struct made *top, struct made *a, struct made *b, struct made *f)
{
	CHECK_OK(make(master, TREE_ROOT, "rename", FOLDER, top));
	CHECK_OK(make(master, top->inode, "a", FOLDER, a));
	CHECK_OK(make(master, top->inode, "b", FOLDER, b));
	CHECK_OK(make(master, a->inode, "f", FILE, f));
}

void test_rename(void)
{
	struct made top = {}, a = {}, b = {}, f = {}, g;
	fill(&top, &a, &b, &f);
	CHECK_OK(move(a.inode, "f", b.inode, "g"));
	CHECK_EQ(find(b.inode, "g"), f.inode);
	CHECK_EQ(find(a.inode, "f"), 0);
	CHECK_EQ(move(top.inode, "b", b.inode, "in"), ERR_INVALID);
	CHECK_EQ(move(top.inode, "a", b.inode, "g"), ERR_NOT_DIRECTORY);
	CHECK_EQ(move(b.inode, "g", top.inode, "a"), ERR_IS_DIRECTORY);
	CHECK_EQ(move(top.inode, "a", top.inode, "b"), ERR_NOT_EMPTY);
	CHECK_EQ(move(top.inode, "none", top.inode, "x"), ERR_NOT_FOUND);
	CHECK_OK(make(master, a.inode, "h", FILE, &g));
	CHECK_EQ(rename(master, &(struct names_of){ a.inode, b.inode, "h", "g" }, 1), ERR_EXISTS);
	CHECK_OK(rename(master, &(struct names_of){ a.inode, b.inode, "h", "g" }, 2));
	CHECK_EQ(find(a.inode, "h"), f.inode);
	CHECK_EQ(find(b.inode, "g"), g.inode);
	CHECK_OK(move(a.inode, "h", b.inode, "g")); // replaces g
	CHECK_EQ(look(g.inode).links, 0);
	CHECK_OK(handle_close(g.contents));
	CHECK(is_forgotten(&g));
	CHECK_OK(move(top.inode, "b", a.inode, "b"));
	CHECK_EQ(look(top.inode).links, 3);
	CHECK_EQ(look(a.inode).links, 3);
	CHECK_EQ(tree_parent(&tree, b.inode), a.inode);
	CHECK_OK(link(master, f.inode, a.inode, "same"));
	CHECK_OK(move(a.inode, "same", b.inode, "g")); // two names of one file: both stay
	CHECK_EQ(find(a.inode, "same"), f.inode);
	CHECK_OK(unlink(master, a.inode, "same", 0));
	CHECK_OK(unlink(master, b.inode, "g", 0));
	CHECK_OK(unlink(master, a.inode, "b", REMOVE_DIRECTORY));
	CHECK_OK(unlink(master, top.inode, "a", REMOVE_DIRECTORY));
	CHECK_OK(unlink(master, TREE_ROOT, "rename", REMOVE_DIRECTORY));
	CHECK_OK(handle_close(f.contents));
}

static bool is_text(handle_t contents, u64 offset, view_t wanted)
{
	u8 bytes[64] = {};
	u64 done = 0;
	err_t err = memory_read(contents, offset, span_of(bytes), &done);
	return err == OK && view_equal(view_clamp(view_of(bytes), 0, done), wanted);
}

// What writers do is seen in the tables; what is unlinked lives on for who has it open.
void test_contents(void)
{
	struct made f;
	handle_t reader, writer;
	u64 done;
	CHECK_OK(make(master, TREE_ROOT, "contents", FILE, &f));
	CHECK_OK(memory_write(f.contents, 0, VIEW_TEXT("hello"), &done));
	CHECK_EQ(look(f.inode).length, 5);
	CHECK(look(f.inode).written_ns > look(f.inode).written_floor);
	CHECK_OK(open_file(master, TREE_ROOT, "contents", 0, &reader));
	CHECK(is_text(reader, 0, VIEW_TEXT("hello")));
	CHECK_EQ(memory_write(reader, 0, VIEW_TEXT("x"), &done), ERR_RIGHTS);
	CHECK_OK(open_file(master, TREE_ROOT, "contents", 1, &writer));
	CHECK_OK(memory_write(writer, 5, VIEW_TEXT(" you"), &done));
	CHECK_EQ(look(f.inode).length, 9);
	CHECK(is_text(reader, 0, VIEW_TEXT("hello you")));
	CHECK_OK(handle_close(writer));
	CHECK_OK(open_file(master, TREE_ROOT, "contents", READ_WRITE | TRUNCATE, &writer));
	CHECK_EQ(look(f.inode).length, 0);
	CHECK_OK(memory_write(writer, 4096, VIEW_TEXT("far"), &done));
	CHECK_EQ(look(f.inode).length, 4099);
	CHECK_OK(unlink(master, TREE_ROOT, "contents", 0));
	CHECK(is_text(reader, 4096, VIEW_TEXT("far")));
	CHECK_OK(memory_write(writer, 0, VIEW_TEXT("still"), &done));
	struct made next;
	CHECK_OK(make(master, TREE_ROOT, "next", FILE, &next)); // in the same place
	CHECK_OK(memory_write(writer, 0, VIEW_TEXT("still there"), &done));
	CHECK_EQ(look(next.inode).length, 0);
	CHECK_OK(unlink(master, TREE_ROOT, "next", 0));
	CHECK_OK(handle_close(next.contents));
	CHECK_OK(handle_close(reader));
	CHECK_OK(handle_close(writer));
	CHECK_OK(handle_close(f.contents));
}
