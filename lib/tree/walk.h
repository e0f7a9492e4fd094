// SPDX-License-Identifier: MIT
// walk.h - from a path to an inode, in the process: `.`, `..`, symbolic links, trailing slashes,
// mount points, permission to search. The walk of one path is one read of the tables it crosses.
#pragma once

#include "lib/tree/access.h"

NONNULL_BEGIN

constexpr u32 WALK_LINKS_MAX = 40;
constexpr u32 WALK_TRIES = 8;
constexpr u32 MOUNTS_MAX = 32;
constexpr u32 WALK_SCRATCH = TREE_PATH_MAX + TREE_NAME_MAX + 1;

// A place of the namespace: what stands there instead of the directory it covers.
struct mount {
	bool is_used, is_remote; // remote: no table; its server walks
	u16 tree;                // index in names->trees
	u16 above;               // mount that the covered directory is in
	u32 root;                // inode shown there
	u32 root_generation;     // of it; 0: it cannot go
	u32 entry;               // that it was found by, TREE_NONE: a directory
	u32 point, generation;   // covered directory, in the mount above
};

struct names {
	const struct tree *trees; // borrowed
	u32 tree_count;
	const struct mount *mounts; // borrowed; 0 is the root's
	u32 mount_count;
};

struct position {
	u32 mount;
	u32 inode; // 0 in remote mounts
};

enum walk_flag : u32 {
	WALK_NO_FOLLOW = 1,  // a link at the end is what is meant
	WALK_NO_LINKS = 2,   // no link anywhere: ERR_LOOP
	WALK_BENEATH = 4,    // never above the start, no absolute links: ERR_CROSS_DEVICE
	WALK_IN_ROOT = 8,    // the start is the root
	WALK_NO_MOUNTS = 16, // no mount is crossed: ERR_CROSS_DEVICE
	WALK_NO_MAGIC = 32,  // no link of /proc/self that leads to what no path says (the caller's)
};

enum walk_last : u32 {
	LAST_NAME,   // name in directory; it may be absent
	LAST_DOT,    // ends with "."
	LAST_PARENT, // ends with ".."
	LAST_ROOT,   // no name at all: "/"
};

struct walk {
	const struct names *names;
	const struct tree_credentials *who;
	struct position root, start;
	u32 flags;      // enum walk_flag
	span_t scratch; // WALK_SCRATCH bytes: where links are unrolled
	// What came out.
	struct position at;        // inode TREE_NONE: no such name in directory
	struct position directory; // that the last name is in
	u32 entry;                 // of the last name, TREE_NONE: none
	view_t name;               // in the path or in scratch
	enum walk_last last;
	bool has_slash; // ends with one
	bool is_remote; // ends in a mount without a table: rest is for its server
	view_t rest;    // below that mount, may be empty
};

// OK also when only the last name is absent. ERR_NOT_FOUND, ERR_NOT_DIRECTORY, ERR_RIGHTS,
// ERR_LOOP, ERR_TOO_BIG; ERR_CROSS_DEVICE: see flags; ERR_BUSY: a table was being changed all the
// time.
err_t tree_walk(struct walk *walk, view_t path);

// The absolute path of a directory below root, written to the end of out. ERR_NOT_FOUND: it is not
// below root any more; ERR_RANGE: does not fit.
err_t tree_path(const struct walk *walk, struct position directory, span_t out, view_t *path);

static inline const struct mount *names_mount(const struct names *names, u32 index)
{
	UNSAFE_BEGIN("compared with the count; mount 0 is always there")
	return &names->mounts[index < names->mount_count ? index : 0];
	UNSAFE_END
}

static inline const struct tree *names_tree_at(const struct names *names, u32 tree)
{
	UNSAFE_BEGIN("compared with the count; tree 0 is always there")
	return &names->trees[tree < names->tree_count ? tree : 0];
	UNSAFE_END
}

static inline const struct tree *names_tree(const struct names *names, u32 mount)
{
	return names_tree_at(names, names_mount(names, mount)->tree);
}

NONNULL_END
