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
	struct fuse_session *session;
	bool has_no_atime;   // access times are not noted
	bool is_private;     // nobody but root can come in: the kernel looks at no rights
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
void mount_accessed(struct mount *mount, u64 inode); // it was read
void mount_forget(struct mount *mount, u64 inode);   // the kernel asks for its attributes again
err_t mount_set_mode(struct mount *mount, u64 inode, u32 mode);
// Does the set-group-id of what this caller changes stay?
bool mount_is_in_group(fuse_req_t request, const struct stat *status);

// Access control lists: fuse_acl.c.
bool mount_is_list(const char *xattr);
err_t mount_list_set(
	fuse_req_t request, u64 inode, view_t list); // the one that the mode is part of
// That one and the mode, a new mode. ERR_NOT_FOUND: there is none, and nothing was changed.
err_t mount_list_follow(struct mount *mount, u64 inode, u32 mode);
// Makes an inode, with what it inherits, or else without the bits of umask.
err_t mount_create(
	struct mount *mount, struct sinter_name where, struct sinter_new what, u32 umask, u64 *out);

void mount_set_name_operations(struct fuse_lowlevel_ops *ops);

#define MOUNT_WAIT(mount, expression) HOST_WAIT((mount)->image->pool, (expression))
// A change, but of nothing that is past.
#define MOUNT_CHANGE(mount, inode, expression)                                                     \
	(mount_is_past(inode) ? ERR_READ_ONLY : MOUNT_WAIT(mount, expression))

NONNULL_END
