// SPDX-License-Identifier: MIT
// request.h - requests that change a tree (ifc/tree.ifc): the struct and its names in one piece.
#pragma once

#include "ifc/tree.h"
#include "lib/posix/file/path.h"

NONNULL_BEGIN

struct request {
	view_t bytes; // in room
	u8 room[TREE_REQUEST_MAX];
};

// The directory that path's last name is in.
void request_directory(const struct path *path, struct tree_request *asked);
// What path came to.
void request_inode(const struct path *path, struct tree_request *asked);
i64 request_pack(
	struct request *request, const struct tree_request *asked, view_t name, view_t text);
// The same in registers. False: the names are too long, or it is about a device.
bool request_brief(
	struct tree_brief *brief, const struct tree_request *asked, view_t name, view_t text);
// What a server of files answers, as Linux calls it.
i64 request_error(err_t err);

NONNULL_END
