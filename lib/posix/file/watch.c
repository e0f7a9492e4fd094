// SPDX-License-Identifier: MIT
// watch.c - see watch.h.
#include "lib/posix/file/watch.h"

#include "ifc/tree.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/path.h"
#include "lib/posix/linux/fcntl.h"

// Does somebody want to hear this of the inode, or of the directory that it was found in?
static bool is_wanted(const struct tree *tree, const struct description *description, u32 mask)
{
	const struct tree_inode *inode = tree_inode(tree, description->inode);
	const struct tree_entry *entry = tree_entry(tree, (u32)AT(description->detail, 1));
	u32 wanted = 0;
	if (atomic_load_relaxed(&inode->generation) != description->generation)
		return false;
	wanted = atomic_load_relaxed(&inode->watched);
	u32 number = description->kind == FILE_DIRECTORY ? atomic_load_relaxed(&inode->entry) : 0;
	if (number)
		entry = tree_entry(tree, number);
	if (atomic_load_relaxed(&entry->inode) == description->inode) {
		u32 directory = atomic_load_relaxed(&entry->directory);
		wanted |= atomic_load_relaxed(&tree_inode(tree, directory)->watched);
	}
	return wanted & mask;
}

void watch_tell(const struct file *file, u32 mask)
{
	const struct description *description = file->description;
	const struct file_state *state = &posix_self()->files;
	if (description->kind != FILE_REGULAR && description->kind != FILE_DIRECTORY)
		return;
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	const struct tree *tree = names_tree(&names, description->tree);
	if (!is_wanted(tree, description, mask))
		return;
	u32 entry = (u32)AT(description->detail, 1);
	if (description->kind == FILE_DIRECTORY)
		entry = tree_inode(tree, description->inode)->entry;
	(void)tree_tell((tree_t){ mount_connection(description->tree) }, description->inode,
		description->generation, entry, mask);
}

void watch_tell_closed(const struct file *file)
{
	if (is_anything_watched())
		watch_tell(file, file_is_writable(file) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
}
