// SPDX-License-Identifier: MIT
// check.c - does a table that was found after a restart hold? What a wrong writer can have left is
// looked for: entries that lead nowhere, lists that do not end, a directory inside itself.
#include "lib/tree/write.h"

static bool is_entry_sound(const struct tree *tree, u32 number)
{
	const struct tree_entry *entry = tree_entry(tree, number);
	if (!entry->directory)
		return entry->chain < tree->entry_count;
	view_t name = tree_name_of(tree, entry);
	return tree_type(tree, entry->directory) == MODE_DIRECTORY &&
	       entry->directory < tree->inode_count && entry->inode < tree->inode_count &&
	       tree_mode(tree, entry->inode) && name.size && entry->next < tree->entry_count &&
	       entry->previous < tree->entry_count && entry->chain < tree->entry_count &&
	       entry->hash == tree_hash(tree, entry->directory, name) &&
	       tree_find(tree, entry->directory, name) == number;
}

// The list of a directory holds as many as it says, rising, each its own.
static bool is_directory_sound(const struct tree *tree, u32 number)
{
	const struct tree_inode *directory = tree_inode(tree, number);
	u64 cookie = 0;
	u32 count = 0, previous = TREE_NONE;
	for (u32 i = directory->first; i != TREE_NONE; i = tree_entry(tree, i)->next) {
		const struct tree_entry *entry = tree_entry(tree, i);
		if (i >= tree->entry_count || entry->directory != number || entry->cookie <= cookie ||
			entry->previous != previous || ++count > directory->count)
			return false;
		cookie = entry->cookie;
		previous = i;
	}
	return count == directory->count && previous == directory->last && cookie <= directory->cookie;
}

// Its own name leads to it, and the way up ends at the root.
static bool is_rooted(const struct tree *tree, u32 directory)
{
	u32 left = tree->inode_count;
	while (directory != TREE_ROOT && --left) {
		const struct tree_entry *entry = tree_entry(tree, tree_inode(tree, directory)->entry);
		if (entry->inode != directory)
			return false;
		directory = entry->directory;
	}
	return left;
}

static bool is_inode_sound(const struct tree *tree, u32 number)
{
	const struct tree_inode *inode = tree_inode(tree, number);
	switch (inode->mode & MODE_TYPE) {
	case MODE_DIRECTORY: return is_directory_sound(tree, number) && is_rooted(tree, number);
	case MODE_LINK: return tree_link_text(tree, number).size == inode->length;
	case 0: return inode->entry < tree->inode_count;
	case MODE_REGULAR: return inode->links || inode->contents; // open, without a name
	default: return inode->links;
	}
}

bool tree_holds(const struct tree *tree)
{
	const struct tree_head *head = tree->head;
	u32 inodes = 0, entries = 0;
	if (head->fresh_inode > tree->inode_count || head->fresh_entry > tree->entry_count ||
		(u64)head->fresh_name * TREE_NAME_UNIT > tree->names.size ||
		tree_type(tree, TREE_ROOT) != MODE_DIRECTORY)
		return false;
	for (u32 i = 1; i < head->fresh_entry; i++) {
		if (!is_entry_sound(tree, i))
			return false;
		entries += tree_entry(tree, i)->directory != 0;
	}
	for (u32 i = 1; i < head->fresh_inode; i++) {
		if (!is_inode_sound(tree, i))
			return false;
		inodes += tree_mode(tree, i) != 0;
	}
	return entries == head->used_entries && inodes == head->used_inodes;
}
