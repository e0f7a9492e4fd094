// SPDX-License-Identifier: MIT
// operate.h - one operation, done by a pool and by the model; random ones; and a pool read back as
// a model.
#pragma once

#include "test/sinter/model.h"
#include "test/sinter/world.h"

NONNULL_BEGIN

enum op_kind : u8 {
	OP_CREATE,
	OP_MKDIR,
	OP_SYMLINK,
	OP_FIFO,
	OP_LINK,
	OP_UNLINK,
	OP_RMDIR,
	OP_RENAME,
	OP_EXCHANGE,
	OP_NO_REPLACE,
	OP_WRITE,
	OP_TRUNCATE,
	OP_PUNCH,
	OP_CHMOD,
	OP_XATTR,
	OP_RMXATTR,
	OP_FSYNC,
	OP_SYNC,
	OP_ROLLBACK, // of a workload with snapshots only
	// What the mount does, one after the other, where a directory hands on a list.
	OP_OWN_FILE,
	OP_OWN_DIRECTORY, // with rights for their owner only
	OP_HAND_ON,       // the list of what is made in that one
	OP_LIST,          // list and mode at once
	OP_KINDS,
};

struct op {
	enum op_kind kind;
	u64 inode, directory, directory2;
	char name[MODEL_NAME], name2[MODEL_NAME];
	u64 offset, size;
	u32 value; // mode, which xattr, seed of bytes
};

struct ops_limits {
	u64 file_max; // bytes
	u32 names;    // different ones
	u32 nodes;    // at most so many
};

struct op op_random(struct random *random, struct model *model, const struct ops_limits *limits);
// Both do it; false, and a line printed, when their answers differ. ERR_NO_SPACE of the pool:
// *is_full, the model does nothing.
bool op_apply(const struct op *op, struct sinter *pool, struct dataset *dataset,
	struct model *model, bool *is_full);
void op_print(const struct op *op);
const char *op_name(enum op_kind kind);

// The pool's whole tree as a model. False: it cannot be read.
bool operate_scan(struct sinter *pool, struct dataset *dataset, struct model *out);
// The two are the same, contents and all; else false, and a line printed.
bool operate_compare(struct sinter *pool, struct dataset *dataset, struct model *model);

// sinter_check finds nothing; else false, and what it says is printed. Bad copies may be forgiven.
bool operate_check(struct sinter *pool, bool forgives_bad_copies);

NONNULL_END
