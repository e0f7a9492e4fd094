// SPDX-License-Identifier: MIT
// ramfs_test.h - the service under test, started, killed and started again on its estate; requests
// to it in one line each; its tables as every program sees them.
#pragma once

#include "ifc/tree.h"
#include "lib/tree/walk.h"
#include "test/guest/harness/guest.h"

NONNULL_BEGIN

extern tree_t master; // speaks as who may do everything
extern struct tree tree;

err_t service_start(u64 quota_pages); // 0: ours
err_t service_kill(void);
err_t service_restart(void);
err_t service_table(void); // maps the tables

// Requests on names in a directory, by its inode. who: a connection.
struct made {
	u32 inode, generation;
	handle_t contents;
};
err_t make(tree_t who, u32 directory, const char *name, u32 mode, struct made *out);
err_t make_link(tree_t who, u32 directory, const char *name, const char *text);
err_t unlink(tree_t who, u32 directory, const char *name, u32 flags);
err_t link(tree_t who, u32 inode, u32 directory, const char *name);
struct names_of {
	u32 from_directory, to_directory;
	const char *from, *to;
};
err_t rename(tree_t who, const struct names_of *names, u32 flags);
err_t change_mode(tree_t who, u32 inode, u32 mode);
err_t change_owner(tree_t who, u32 inode, u32 user, u32 group);
err_t open_file(tree_t who, u32 directory, const char *name, u32 flags, handle_t *out);
err_t speak(u32 user, u32 group, u64 capabilities, tree_t *out);
u32 find(u32 directory, const char *name); // inode; 0: none
struct tree_inode look(u32 inode);
u64 serial(void);
constexpr u32 FOLDER = 0755 | MODE_DIRECTORY, FILE = 0644 | MODE_REGULAR;
constexpr u32 REMOVE_DIRECTORY = 0x200, READ_WRITE = 2, TRUNCATE = 01000;

void test_names(void);
void test_rename(void);
void test_contents(void);
void test_permissions(void);
void test_is_contents(void);
void test_owners(void);
void test_limits(void);
void test_large(void);
void test_locks(void);
void test_hostile(void);
void test_space(void);
void test_restart(void);
void test_kills(void);

NONNULL_END
