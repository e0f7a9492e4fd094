// SPDX-License-Identifier: MIT
// mount.h - what the halves of the FUSE front end share: mount.c (session, files), fuse_names.c
// (names).
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "tools/sinter/command.h"

NONNULL_BEGIN

struct mount {
	struct image *image;
	double timeout_s; // for how long the kernel may keep names and attributes: nobody else changes
	                  // them
};

struct mount *mount_of(fuse_req_t request);
int mount_errno(err_t err);
void mount_reply(fuse_req_t request, err_t err);
err_t mount_entry(struct mount *mount, u64 inode, struct fuse_entry_param *out);
void mount_reply_entry(fuse_req_t request, struct mount *mount, u64 inode);
err_t mount_stat(struct mount *mount, u64 inode, struct stat *out);

void mount_set_name_operations(struct fuse_lowlevel_ops *ops);

#define MOUNT_WAIT(mount, expression) HOST_WAIT((mount)->image->pool, (expression))

NONNULL_END
