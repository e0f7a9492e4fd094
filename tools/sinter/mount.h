// SPDX-License-Identifier: MIT
// mount.h - what the halves of the FUSE front end share: mount.c (session, files), fuse_names.c
// (names).
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "tools/sinter/command.h"

NONNULL_BEGIN

struct past { // an opened snapshot
	struct dataset *_Nullable dataset;
	u64 txg, number, used;
	u32 opens;
};

struct mount {
	struct image *image;
	struct past past[20];
	u64 numbers, uses; // given so far
	double timeout_s;  // for how long the kernel may keep names and attributes: nobody else changes
	                   // them
	u32 pause, unlooked; // requests between looks for the next one; until there is one again
};

struct mount *mount_of(fuse_req_t request);

// Where an inode number of the kernel leads: the mounted dataset, or a snapshot below .snapshots.
// ERR_REVOKED: that snapshot was closed meanwhile.
struct mount_place {
	struct dataset *dataset;
	u64 inode;
	struct past *_Nullable past;
};
err_t mount_place(struct mount *mount, u64 inode, struct mount_place *out);
u64 mount_outside(u64 near, u64 inode); // the kernel's number of an inode in the dataset of `near`
bool mount_is_past(u64 inode);          // in there nothing can be changed
bool mount_is_past_directory(u64 inode);
u64 mount_past_directory(void);
err_t mount_past_lookup(struct mount *mount, view_t name, u64 *out);
err_t mount_past_next(struct mount *mount, u64 cookie, struct sinter_entry *out);
void mount_past_stat(struct stat *out);
void mount_close_past(struct mount *mount);
int mount_errno(err_t err);
void mount_reply(fuse_req_t request, err_t err);
err_t mount_stat(struct mount *mount, u64 inode, struct stat *out);

void mount_set_name_operations(struct fuse_lowlevel_ops *ops);

#define MOUNT_WAIT(mount, expression) HOST_WAIT((mount)->image->pool, (expression))

NONNULL_END
