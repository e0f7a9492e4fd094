// SPDX-License-Identifier: MIT
// request.c - see request.h.
#include "servers/ramfs/request.h"

#include "lib/os/process.h"

err_t name_check(view_t name)
{
	if (!name.size)
		return ERR_NOT_FOUND;
	if (name.size > TREE_NAME_MAX)
		return ERR_TOO_BIG;
	if (view_find(name, '/') < name.size || view_find(name, 0) < name.size)
		return ERR_INVALID;
	if (view_equal(name, VIEW_TEXT(".")) || view_equal(name, VIEW_TEXT("..")))
		return ERR_INVALID;
	return OK;
}

err_t request_take(struct caller caller, lease_t lease, struct request **out)
{
	static struct request request; // ours alone, until the next call
	static u8 room[TREE_REQUEST_MAX];
	view_t bytes = view_clamp(view_of(room), 0, lease.size);
	if (lease.size > sizeof room || lease.size < sizeof request.asked)
		return ERR_TOO_BIG;
	TRY(lease_get(lease, 0, span_clamp(span_of(room), 0, lease.size)));
	TRY(view_load(bytes, 0, span_of(request.asked)));
	bytes = view_from_offset(bytes, sizeof request.asked);
	if (view_sub(bytes, 0, request.asked.name_size, &request.name) != OK)
		return ERR_INVALID;
	request.text = view_from_offset(bytes, request.asked.name_size);
	TRY(who_is(caller.badge, &request.who));
	*out = &request;
	return name_check(request.name);
}

err_t request_take_brief(struct caller caller, const struct tree_brief *asked, struct request **out)
{
	static struct request request;
	static u8 room[TREE_BRIEF_NAMES];
	view_t bytes = view_of(room), rest = view_from_offset(bytes, asked->name_size);
	if (view_sub(bytes, 0, asked->name_size, &request.name) != OK ||
		view_sub(rest, 0, asked->text_size, &request.text) != OK)
		return ERR_INVALID;
	(void)span_copy(span_of(room), view_of(asked->names));
	request.asked = (struct tree_request){ .serial = asked->serial,
		.directory = asked->directory,
		.directory_generation = asked->directory_generation,
		.inode = asked->inode,
		.generation = asked->generation,
		.entry = asked->inode, // unlink's
		.mode = asked->mode,
		.flags = asked->mode,
		.open = asked->open,
		.name_size = asked->name_size };
	*out = &request;
	return who_is(caller.badge, &request.who);
}

err_t inode_find(u32 number, u32 generation, struct tree_inode **out)
{
	struct tree_inode *inode = inode_at(number);
	if (!inode->mode || inode->generation != generation)
		return ERR_NOT_FOUND;
	*out = inode;
	return OK;
}

err_t directory_find(const struct request *request, u32 number, u32 generation, u32 access)
{
	struct tree_inode *directory;
	TRY(inode_find(number, generation, &directory));
	if (!is_directory(directory))
		return ERR_NOT_DIRECTORY;
	if (!tree_may_reach(&writer.tree, number, &request->who) ||
		!tree_may(directory, &request->who, access))
		return ERR_RIGHTS;
	return OK;
}

err_t inode_find_named(const struct request *request, struct tree_inode **out)
{
	const struct tree_request *asked = &request->asked;
	const struct tree_entry *entry = tree_entry(&writer.tree, asked->entry);
	TRY(inode_find(asked->inode, asked->generation, out));
	if (request->who.capabilities & CAPABILITY_DAC_READ_SEARCH)
		return OK;
	if (!(*out)->links) // whose owner has it open, or had
		return tree_owns(*out, &request->who) ? OK : ERR_NOT_FOUND;
	if (!entry->directory || entry->inode != asked->inode)
		return ERR_NOT_FOUND;
	return tree_may_reach(&writer.tree, entry->directory, &request->who) ? OK : ERR_RIGHTS;
}

// All times in one note.
static void note_times(struct tree_inode *inode)
{
	usize first = offsetof(struct tree_inode, accessed_ns);
	writer.save(&inode->accessed_ns, offsetof(struct tree_inode, contents) - first);
}

void touch_changed(struct tree_inode *inode)
{
	note_times(inode);
	inode->changed_ns = (i64)clock_read();
	inode->clocks &= ~(u32)CLOCK_CHANGED;
}

void touch_modified(struct tree_inode *inode)
{
	touch_changed(inode);
	inode->modified_ns = inode->changed_ns;
	inode->clocks &= ~(u32)CLOCK_MODIFIED;
}
