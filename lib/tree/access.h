// SPDX-License-Identifier: MIT
// access.h - who may do what: owner, group, others, and the capabilities that overrule them, by
// Linux's rules. Libraries ask to answer early, file servers because they decide.
#pragma once

#include "lib/tree/tree.h"

NONNULL_BEGIN

enum tree_capability : u64 { // Linux's, as bits
	CAPABILITY_CHOWN = 1u << 0,
	CAPABILITY_DAC_OVERRIDE = 1u << 1,
	CAPABILITY_DAC_READ_SEARCH = 1u << 2,
	CAPABILITY_FOWNER = 1u << 3,
	CAPABILITY_FSETID = 1u << 4,
	CAPABILITY_LINUX_IMMUTABLE = 1u << 9,
	CAPABILITY_SYS_CHROOT = 1u << 18,
	CAPABILITY_SYS_ADMIN = 1u << 21,
	CAPABILITY_MKNOD = 1u << 27,
};

struct tree_credentials {
	u32 user, group;
	u64 capabilities;
	const u32 *_Nullable groups; // borrowed
	u32 group_count;
};

enum tree_access : u32 { ACCESS_READ = 4, ACCESS_WRITE = 2, ACCESS_EXECUTE = 1 };

bool tree_is_member(const struct tree_credentials *who, u32 group);
// All of the wanted enum tree_access bits.
bool tree_may(const struct tree_inode *inode, const struct tree_credentials *who, u32 wanted);
// Its owner, or who may do as if.
static inline bool tree_owns(const struct tree_inode *inode, const struct tree_credentials *who)
{
	return inode->user == who->user || who->capabilities & CAPABILITY_FOWNER;
}
// In a sticky directory, entries are their owner's and the directory's owner's to remove.
bool tree_may_remove(const struct tree_inode *directory, const struct tree_inode *inode,
	const struct tree_credentials *who);
// The directory and all above it may be searched.
bool tree_may_reach(const struct tree *tree, u32 directory, const struct tree_credentials *who);

NONNULL_END
