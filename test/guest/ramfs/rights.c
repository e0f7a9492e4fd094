// SPDX-License-Identifier: MIT
// rights.c - what others than the owner may do: by mode, by sticky directory, by the way up to the
// root.
#include "lib/tree/access.h"
#include "test/guest/ramfs/ramfs_test.h"

void test_permissions(void)
{
	tree_t user, other;
	struct made home, f, g;
	handle_t contents;
	CHECK_OK(speak(1000, 1000, 0, &user));
	CHECK_OK(speak(1001, 1001, 0, &other));
	CHECK_EQ(make(user, TREE_ROOT, "mine", FILE, &f), ERR_RIGHTS);
	CHECK_OK(make(master, TREE_ROOT, "home", FOLDER, &home));
	CHECK_OK(change_owner(master, home.inode, 1000, 1000));
	CHECK_OK(make(user, home.inode, "f", FILE, &f));
	CHECK_EQ(look(f.inode).user, 1000);
	CHECK_OK(open_file(other, home.inode, "f", 0, &contents));
	CHECK_OK(handle_close(contents));
	CHECK_EQ(open_file(other, home.inode, "f", 1, &contents), ERR_RIGHTS);
	CHECK_EQ(unlink(other, home.inode, "f", 0), ERR_RIGHTS);
	CHECK_EQ(change_mode(other, f.inode, 0777), ERR_NOT_OWNER);
	CHECK_OK(change_mode(user, home.inode, 0700)); // nobody else gets in
	CHECK_EQ(open_file(other, home.inode, "f", 0, &contents), ERR_RIGHTS);
	CHECK_EQ(tree_open(other, f.inode, f.generation, 0, 0, &contents), ERR_NOT_FOUND);
	CHECK_EQ(link(other, f.inode, home.inode, "x"), ERR_NOT_FOUND);
	CHECK_OK(change_mode(user, home.inode, MODE_STICKY | 0777));
	CHECK_EQ(unlink(other, home.inode, "f", 0), ERR_NOT_OWNER);
	CHECK_OK(make(other, home.inode, "g", FILE, &g));
	CHECK_OK(unlink(user, home.inode, "g", 0)); // its directory is the user's
	CHECK_OK(unlink(user, home.inode, "f", 0));
	CHECK_OK(unlink(master, TREE_ROOT, "home", REMOVE_DIRECTORY));
	CHECK_OK(handle_close(f.contents));
	CHECK_OK(handle_close(g.contents));
	CHECK_OK(handle_close(user.handle));
	CHECK_OK(handle_close(other.handle));
}

// A file is known by its contents; a program is copied only if it lends something.
void test_is_contents(void)
{
	struct made f, g;
	handle_t copy = HANDLE_NONE;
	u32 mode, user, group;
	CHECK_OK(make(master, TREE_ROOT, "f", FILE, &f));
	CHECK_OK(make(master, TREE_ROOT, "g", FILE, &g));
	CHECK_OK(tree_is_contents(master, f.inode, f.generation, f.contents));
	CHECK_EQ(tree_is_contents(master, f.inode, f.generation, g.contents), ERR_NOT_FOUND);
	CHECK_EQ(tree_is_contents(master, f.inode, f.generation + 2, f.contents), ERR_NOT_FOUND);
	CHECK_OK(change_mode(master, f.inode, 0755));
	CHECK_EQ(
		tree_program(master, f.inode, f.generation, 0, &mode, &user, &group, &copy), ERR_STATE);
	CHECK_OK(change_mode(master, f.inode, MODE_SET_USER | 0755));
	CHECK_OK(tree_program(master, f.inode, f.generation, 0, &mode, &user, &group, &copy));
	CHECK_EQ(mode & MODE_ALL, MODE_SET_USER | 0755);
	CHECK_EQ(tree_is_contents(master, f.inode, f.generation, copy), ERR_RIGHTS);
	CHECK_OK(unlink(master, TREE_ROOT, "f", 0));
	CHECK_OK(unlink(master, TREE_ROOT, "g", 0));
	CHECK_OK(handle_close(copy));
	CHECK_OK(handle_close(f.contents));
	CHECK_OK(handle_close(g.contents));
}

void test_owners(void)
{
	tree_t user, again;
	struct made top, f, d;
	CHECK_OK(speak(1000, 1000, 0, &user));
	CHECK_OK(make(master, TREE_ROOT, "owners", FOLDER, &top));
	CHECK_OK(change_mode(master, top.inode, MODE_SET_GROUP | 0777));
	CHECK_OK(change_owner(master, top.inode, 0, 50));
	CHECK_OK(make(user, top.inode, "f", FILE, &f));
	CHECK_EQ(look(f.inode).group, 50); // from the directory
	CHECK_OK(make(user, top.inode, "d", FOLDER, &d));
	CHECK(look(d.inode).mode & MODE_SET_GROUP);
	CHECK_EQ(change_owner(user, f.inode, 1001, 50), ERR_NOT_OWNER);
	CHECK_OK(change_owner(user, f.inode, 1000, 1000));
	CHECK_OK(change_mode(user, f.inode, MODE_SET_USER | 0755));
	CHECK_OK(change_owner(master, f.inode, 1002, 1000));
	CHECK(!(look(f.inode).mode & MODE_SET_USER));
	CHECK_EQ(speak(0, 0, 0, &again), OK);
	struct tree_identity identity = {};
	CHECK_EQ(tree_speak(user, view_of(identity), &again.handle), ERR_NOT_OWNER);
	CHECK_OK(unlink(master, top.inode, "f", 0));
	CHECK_OK(unlink(master, top.inode, "d", REMOVE_DIRECTORY));
	CHECK_OK(unlink(master, TREE_ROOT, "owners", REMOVE_DIRECTORY));
	CHECK_OK(handle_close(f.contents));
	CHECK_OK(handle_close(user.handle));
}

// Speakers are given back with their last handle: there are never too many.
void test_limits(void)
{
	for (u32 i = 0; i < 1500; i++) {
		tree_t user;
		CHECK_OK(speak(i, i, 0, &user));
		CHECK_OK(handle_close(user.handle));
	}
}

void test_locks(void)
{
	tree_t one, two;
	struct made f;
	enum tree_lock_kind kind;
	u32 owner;
	u64 start, end;
	CHECK_OK(make(master, TREE_ROOT, "locked", FILE, &f));
	CHECK_OK(tree_locker(master, 11, &one.handle));
	CHECK_OK(tree_locker(master, 22, &two.handle));
	CHECK_OK(tree_lock(
		one, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_EXCLUSIVE, 10, 20, 0));
	CHECK_EQ(tree_lock(two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_SHARED,
				 15, 16, 0),
		ERR_WOULD_BLOCK);
	CHECK_OK(tree_lock(
		two, f.inode, f.generation, TREE_LOCK_FAMILY_WHOLE, TREE_LOCK_KIND_SHARED, 0, 0, 0));
	CHECK_OK(tree_lock(
		two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_SHARED, 20, 0, 0));
	CHECK_OK(tree_lock_test(two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE,
		TREE_LOCK_KIND_SHARED, 0, 0, &kind, &owner, &start, &end));
	CHECK_EQ(kind, TREE_LOCK_KIND_EXCLUSIVE);
	CHECK_EQ(owner, 11);
	CHECK_EQ(start, 10);
	CHECK_EQ(end, 20);
	CHECK_OK(tree_lock(
		one, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_NONE, 12, 14, 0));
	CHECK_OK(tree_lock(
		two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_EXCLUSIVE, 12, 14, 0));
	CHECK_OK(service_kill());
	CHECK_OK(service_restart());
	CHECK_EQ(tree_lock(two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_SHARED,
				 11, 12, 0),
		ERR_WOULD_BLOCK);
	CHECK_OK(handle_close(one.handle)); // its holder is gone: waits no longer
	CHECK_OK(tree_lock(
		two, f.inode, f.generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_EXCLUSIVE, 0, 0, 1));
	CHECK_OK(handle_close(two.handle));
	CHECK_OK(unlink(master, TREE_ROOT, "locked", 0));
	CHECK_OK(handle_close(f.contents));
}
