// SPDX-License-Identifier: MIT
// request.c - see request.h.
#include "lib/posix/file/request.h"

#include "lib/posix/linux/errno.h"

void request_directory(const struct path *path, struct tree_request *asked)
{
	const struct tree *tree = names_tree(&path->names, path->walk.directory.mount);
	asked->directory = path->walk.directory.inode;
	asked->directory_generation = tree_inode(tree, asked->directory)->generation;
}

void request_inode(const struct path *path, struct tree_request *asked)
{
	asked->inode = path->walk.at.inode;
	asked->generation = tree_inode(path_tree(path), asked->inode)->generation;
	asked->entry = path->walk.entry;
}

i64 request_pack(
	struct request *request, const struct tree_request *asked, view_t name, view_t text)
{
	span_t room = span_of(request->room);
	struct tree_request head = *asked;
	usize size = sizeof head + name.size + text.size;
	head.name_size = (u32)name.size;
	if (size > room.size)
		return -ENAMETOOLONG;
	(void)span_copy(room, view_of(head));
	(void)span_copy(span_from_offset(room, sizeof head), name);
	(void)span_copy(span_from_offset(room, sizeof head + name.size), text);
	request->bytes = view_clamp(span_view(room), 0, size);
	return 0;
}

bool request_brief(
	struct tree_brief *brief, const struct tree_request *asked, view_t name, view_t text)
{
	if (name.size + text.size > sizeof brief->names || asked->device)
		return false;
	*brief = (struct tree_brief){ .serial = asked->serial,
		.directory = asked->directory,
		.directory_generation = asked->directory_generation,
		.inode = asked->inode | asked->entry, // no call has both
		.generation = asked->generation,
		.mode = asked->mode | asked->flags, // nor these
		.open = (u16)asked->open,
		.name_size = (u8)name.size,
		.text_size = (u8)text.size };
	(void)span_copy(span_of(brief->names), name);
	(void)span_copy(span_from_offset(span_of(brief->names), name.size), text);
	return true;
}

i64 request_error(err_t err)
{
	switch (err) {
	case ERR_QUOTA: return -ENOSPC;
	case ERR_INTERRUPTED:
	case ERR_CANCELLED: return -EINTR;
	default: return posix_error(err);
	}
}
