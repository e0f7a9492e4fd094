// SPDX-License-Identifier: MIT
// access.c - see access.h.
#include "lib/tree/access.h"

bool tree_is_member(const struct tree_credentials *who, u32 group)
{
	if (who->group == group)
		return true;
	view_t groups = view_from(who->groups, who->group_count * sizeof(u32));
	for (u32 i = 0; i < who->group_count; i++) {
		const u32 *one = VIEW_AS(u32, groups, i * sizeof(u32));
		if (one && *one == group)
			return true;
	}
	return false;
}

static u32 granted(const struct tree_inode *inode, u32 mode, const struct tree_credentials *who)
{
	if (inode->user == who->user)
		return mode >> 6 & 7;
	if (tree_is_member(who, inode->group))
		return mode >> 3 & 7;
	return mode & 7;
}

// What capabilities give beside the mode.
static u32 overruled(u32 mode, const struct tree_credentials *who)
{
	bool is_directory = (mode & MODE_TYPE) == MODE_DIRECTORY;
	if (who->capabilities & CAPABILITY_DAC_OVERRIDE)
		return is_directory || mode & 0111 ? 7 : ACCESS_READ | ACCESS_WRITE;
	if (who->capabilities & CAPABILITY_DAC_READ_SEARCH)
		return is_directory ? ACCESS_READ | ACCESS_EXECUTE : ACCESS_READ;
	return 0;
}

bool tree_may(const struct tree_inode *inode, const struct tree_credentials *who, u32 wanted)
{
	u32 mode = atomic_load_relaxed(&inode->mode);
	return !(wanted & ~granted(inode, mode, who)) || !(wanted & ~overruled(mode, who));
}

bool tree_may_remove(const struct tree_inode *directory, const struct tree_inode *inode,
	const struct tree_credentials *who)
{
	if (!(directory->mode & MODE_STICKY) || who->capabilities & CAPABILITY_FOWNER)
		return true;
	return inode->user == who->user || directory->user == who->user;
}

bool tree_may_reach(const struct tree *tree, u32 directory, const struct tree_credentials *who)
{
	if (who->capabilities & (CAPABILITY_DAC_OVERRIDE | CAPABILITY_DAC_READ_SEARCH))
		return true;
	for (u32 left = tree->inode_count; left; left--) {
		if (!tree_may(tree_inode(tree, directory), who, ACCESS_EXECUTE))
			return false;
		u32 parent = tree_parent(tree, directory);
		if (parent == directory)
			return true;
		directory = parent;
	}
	return false;
}
