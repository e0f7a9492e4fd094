// SPDX-License-Identifier: MIT
// model.h - what a file system should be, in plain arrays: nodes, names, contents, attributes.
// Operations answer the error that Sinter must answer too.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

enum {
	MODEL_NODES = 160,
	MODEL_NAMES = 320,
	MODEL_ANY_XATTRS = 4, // those that random operations set
	MODEL_LIST = 4,       // who may do what: the mode that it goes with, as u32
	MODEL_HANDED_ON = 5,  // the list of what is made in a directory
	MODEL_XATTRS,
	MODEL_NAME = 20,
};
constexpr u64 MODEL_FILE_MAX = 400000;

struct model_xattr {
	u32 size;  // of the value, plus 1; 0: not there
	u32 start; // its first bytes
	u64 hash;
};
struct model_xattr model_xattr_of(view_t value);

struct model_node {
	u64 inode;          // 0: free
	bool is_unreadable; // scan: the contents are an error
	u32 mode, links;
	u64 parent; // of a directory
	u64 size;
	u8 *_Nullable data; // owned; size bytes of a file; the target of a link
	struct model_xattr xattrs[MODEL_XATTRS];
};

struct model_name {
	u64 directory; // 0: free
	u64 inode;
	char name[MODEL_NAME];
};

struct model {
	struct model_node nodes[MODEL_NODES];
	struct model_name names[MODEL_NAMES];
};

extern const char *_Nonnull const model_xattr_names[MODEL_XATTRS];

void model_init(struct model *model); // the root directory, inode 1
void model_fini(struct model *model);
void model_copy(struct model *to, const struct model *from); // to holds nothing
struct model_node *_Nullable model_node(struct model *model, u64 inode);
struct model_name *_Nullable model_name(struct model *model, u64 directory, const char *name);
u64 model_entries(const struct model *model, u64 directory);

// Each answers what Sinter must answer. inode: the number that Sinter gave.
err_t model_create(struct model *model, u64 directory, const char *name, u32 mode, u64 inode);
err_t model_link(struct model *model, u64 inode, u64 directory, const char *name);
err_t model_unlink(struct model *model, u64 directory, const char *name, bool is_directory);
struct model_place {
	u64 directory;
	const char *name;
};
err_t model_rename(struct model *model, struct model_place from, struct model_place to, u32 flags);
err_t model_write(struct model *model, u64 inode, u64 offset, view_t from);
err_t model_truncate(struct model *model, u64 inode, u64 size);
err_t model_punch(struct model *model, u64 inode, u64 offset, u64 size);
void model_set_target(struct model *model, u64 inode, view_t target);
err_t model_set_xattr(struct model *model, u64 inode, u32 which, view_t value);
err_t model_remove_xattr(struct model *model, u64 inode, u32 which);

// Everything but contents and sizes of regular files; independent of the order of nodes.
u64 model_hash_names(const struct model *model);
u64 model_hash_file(const struct model_node *node); // contents and size

NONNULL_END
