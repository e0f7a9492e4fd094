// SPDX-License-Identifier: MIT
// places.c - see places.h. Which file it is, is the process's own word: it may name any file and
// learns nothing by that, since the tables are open to all.
#include "servers/proc/places.h"

#include "ifc/tree.h"
#include "lib/base/bits.h"
#include "lib/base/format.h"
#include "lib/os/start.h"
#include "lib/posix/core/posix.h"
#include "os/syscalls.h"
#include "servers/proc/node.h"

constexpr u32 TRIES = 8;    // while the table is being changed
constexpr u32 SEARCHES = 8; // a text

static struct tree tree;  // the root file system's; mapped when first asked for
static u32 searches_left; // in this text

static bool tree_reach(void)
{
	const tree_t server = { start_handle("ramfs") };
	u64 offset, size, mapped = 0;
	handle_t memory;
	if (tree.head)
		return true;
	if (!server.handle.raw || tree_table(server, &offset, &size, &memory) != OK)
		return false;
	err_t err = memory_map(HANDLE_NONE, memory, 0, align_up(size, PAGE_SIZE), offset,
		MAP_FLAGS_READ | MAP_FLAGS_SHARED, &mapped);
	(void)handle_close(memory);
	if (err != OK)
		return false;
	UNSAFE_BEGIN("mapped just now, and for good")
	return tree_attach(&tree, view_from((const void *)mapped, size)) == OK;
	UNSAFE_END
}

// Is it in the root file system? Also what is bound elsewhere is named by its place there.
static bool is_reached(const struct process *process, u32 number)
{
	struct mount mount = {};
	u64 address = PROCESS_AREA + offsetof(struct posix, files.mounts) + number * sizeof mount;
	if (!number)
		return true;
	return number < MOUNTS_MAX &&
	       process_bytes(process, address, span_of(mount)).size == sizeof mount && mount.is_used &&
	       !mount.is_remote && !mount.tree;
}

// The entry that it was found by, or, if that is another's now, any that leads to it.
static const struct tree_entry *entry_of(const struct area_file *file)
{
	u32 number = file->entry;
	bool has_name = atomic_load_relaxed(&tree_inode(&tree, file->inode)->links);
	if (tree_entry(&tree, number)->inode == file->inode || !has_name || !searches_left)
		return tree_entry(&tree, number);
	searches_left--;
	for (number = 1; number < tree.entry_count; number++)
		if (tree_entry(&tree, number)->inode == file->inode)
			break;
	return tree_entry(&tree, number);
}

static view_t read_name(const struct area_file *file, span_t room)
{
	static const struct mount root = { .is_used = true, .root = TREE_ROOT };
	const struct names all = { &tree, 1, &root, 1 };
	const struct walk walk = { .names = &all, .root = { 0, TREE_ROOT } };
	static u8 folder_room[TREE_PATH_MAX];
	view_t folder;
	const struct tree_entry *entry = entry_of(file);
	u32 directory = atomic_load_relaxed(&entry->directory);
	bool is_same = tree_inode(&tree, file->inode)->generation == file->generation;
	if (!is_same || !directory || entry->inode != file->inode)
		return VIEW_TEXT("(deleted)");
	if (tree_path(&walk, (struct position){ 0, directory }, span_of(folder_room), &folder) != OK)
		return (view_t){};
	view_t name = tree_name_of(&tree, entry);
	return format_view(room, "%v%s%v", &folder, folder.size > 1 ? "/" : "", &name);
}

void places_begin(void)
{
	searches_left = SEARCHES;
}

view_t place_name(const struct process *process, const struct area_file *file, span_t room)
{
	if (!is_reached(process, file->tree) || !tree_reach())
		return (view_t){};
	for (u32 i = 0; i < TRIES; i++) {
		u32 sequence = tree_begin(&tree);
		view_t name = read_name(file, room);
		if (tree_is_same(&tree, sequence))
			return name;
	}
	return (view_t){};
}
