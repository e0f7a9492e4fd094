// SPDX-License-Identifier: MIT
// request.h - a request as it came in, checked: who asks, about what, which names.
#pragma once

#include "lib/os/service.h"
#include "servers/ramfs/store.h"

NONNULL_BEGIN

struct request {
	struct tree_request asked;
	struct tree_credentials who;
	view_t name, text; // in request_take's bytes: until the next call
};

// The request in hand; one at a time. ERR_EXISTS with a serial that was answered before is not an
// error of this: see answer.h, which asks first.
err_t request_take(struct caller caller, lease_t lease, struct request **out);
// The same of one that came in registers; its name is not checked yet.
err_t request_take_brief(
	struct caller caller, const struct tree_brief *asked, struct request **out);
// A name of a thing: neither empty nor "." nor "..", no slash, no zero.
err_t name_check(view_t name);
// A directory that is still there, that who may reach, and change if for_change.
err_t directory_find(const struct request *request, u32 number, u32 generation, u32 access);
// An inode that is still there.
err_t inode_find(u32 number, u32 generation, struct tree_inode **out);
// The same, by a name that the caller says it was found by, which it may reach.
err_t inode_find_named(const struct request *request, struct tree_inode **out);
static inline bool is_directory(const struct tree_inode *inode)
{
	return (inode->mode & MODE_TYPE) == MODE_DIRECTORY;
}
static inline bool is_regular(const struct tree_inode *inode)
{
	return (inode->mode & MODE_TYPE) == MODE_REGULAR;
}
void touch_changed(struct tree_inode *inode);  // its change time becomes now
void touch_modified(struct tree_inode *inode); // both do

NONNULL_END
