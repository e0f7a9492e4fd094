// SPDX-License-Identifier: MIT
// begin.h - the first process's files, for the native program that makes it (cmd/birth): the
// namespace. Descriptors are opened by the library itself (file_first). Every other process has its
// parent's.
#pragma once

#include "ifc/tree.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"

NONNULL_BEGIN

struct file_connections {
	handle_t root;      // servers/ramfs
	handle_t terminals; // servers/tty, borrowed: are there some? HANDLE_NONE: none
	handle_t name;      // servers/name; HANDLE_NONE: none
};

static inline err_t file_begin_map(struct file_state *files, u32 index)
{
	const struct tree_source *source = &AT(files->sources, index);
	u64 mapped, address = TABLE_AREA + index * TABLE_SPACING;
	TRY(memory_map(HANDLE_NONE, source->memory, address, source->size, source->offset,
		MAP_FLAGS_READ | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED, &mapped));
	UNSAFE_BEGIN("just mapped")
	return tree_attach(&AT(files->trees, index), view_from((const u8 *)address, source->size));
	UNSAFE_END
}

static inline void file_begin_mount(
	struct file_state *files, view_t name, enum mount_kind kind, handle_t connection)
{
	const struct tree *tree = &AT(files->trees, 0);
	u32 entry = tree_find(tree, TREE_ROOT, name);
	u32 point = tree_entry(tree, entry)->inode, index = files->mount_count;
	if (entry == TREE_NONE || index >= MOUNTS_MAX)
		return;
	AT(files->mounts, index) = (struct mount){ .is_used = true,
		.is_remote = true,
		.point = point,
		.generation = tree_inode(tree, point)->generation };
	AT(files->links, index) = (struct mount_link){ .kind = kind, .connection = connection };
	files->mount_count++;
}

// Fills a zeroed file_state in a process that has the areas of core/start.h mapped.
static inline err_t file_begin(struct file_state *files, const struct file_connections *given)
{
	struct tree_source *root = &AT(files->sources, 0);
	root->connection = given->root;
	TRY(tree_table((tree_t){ given->root }, &root->offset, &root->size, &root->memory));
	TRY(file_begin_map(files, 0));
	files->umask = 022;
	files->has_terminals = given->terminals.raw != 0;
	files->name = given->name;
	files->tree_count = files->mount_count = 1;
	AT(files->mounts, 0) = (struct mount){ .is_used = true, .root = TREE_ROOT };
	files->root.at = files->directory.at = (struct position){ 0, TREE_ROOT };
	files->root.generation = files->directory.generation =
		tree_inode(&AT(files->trees, 0), TREE_ROOT)->generation;
	file_begin_mount(files, VIEW_TEXT("proc"), MOUNT_PROC, HANDLE_NONE);
	if (given->name.raw)
		file_begin_mount(files, VIEW_TEXT("scheme"), MOUNT_NAMES, given->name);
	return OK;
}

NONNULL_END
