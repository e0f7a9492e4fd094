// SPDX-License-Identifier: MIT
// rename.c - moves a name, in one change: readers see the old name or the new, or with exchange
// both swapped, and never neither.
#include "servers/ramfs/answer.h"
#include "servers/ramfs/link.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/watch.h"

enum rename_flag : u32 { RENAME_NO_REPLACE = 1, RENAME_EXCHANGE = 2 };

struct move {
	u32 from, to;             // directories
	u32 from_entry, to_entry; // to_entry: TREE_NONE when nothing is there
	u32 from_inode, to_inode; // to_inode: of to_entry
	bool is_exchange;
};

static bool is_inside(u32 directory, u32 outer)
{
	for (u32 left = writer.tree.inode_count; left; left--) {
		if (directory == outer)
			return true;
		u32 parent = tree_parent(&writer.tree, directory);
		if (parent == directory)
			return false;
		directory = parent;
	}
	return true;
}

// May this entry leave its directory, or be replaced in it?
static err_t check_leave(const struct request *request, u32 directory, u32 number)
{
	const struct tree_inode *inode = inode_at(number);
	if (!tree_may(inode_at(directory), &request->who, ACCESS_WRITE))
		return ERR_RIGHTS;
	if (!tree_may_remove(inode_at(directory), inode, &request->who))
		return ERR_NOT_OWNER;
	return OK;
}

// A directory that gets another parent has its own ".." written.
static err_t check_new_parent(const struct request *request, const struct move *move, u32 number)
{
	if (move->from == move->to || !is_directory(inode_at(number)))
		return OK;
	return tree_may(inode_at(number), &request->who, ACCESS_WRITE) ? OK : ERR_RIGHTS;
}

static err_t check_target(const struct request *request, const struct move *move)
{
	const struct tree_inode *from = inode_at(move->from_inode), *to = inode_at(move->to_inode);
	if (move->is_exchange) {
		if (is_directory(to) && is_inside(move->from, move->to_inode))
			return ERR_INVALID;
		TRY(check_leave(request, move->to, move->to_inode));
		return check_new_parent(request, move, move->to_inode);
	}
	if (request->asked.flags & RENAME_NO_REPLACE)
		return ERR_EXISTS;
	TRY(check_leave(request, move->to, move->to_inode));
	if (is_directory(from) && !is_directory(to))
		return ERR_NOT_DIRECTORY;
	if (!is_directory(from) && is_directory(to))
		return ERR_IS_DIRECTORY;
	return is_directory(to) && to->count ? ERR_NOT_EMPTY : OK;
}

static err_t find(const struct request *request, struct move *move)
{
	const struct tree_request *asked = &request->asked;
	TRY(directory_find(request, asked->directory, asked->directory_generation, ACCESS_EXECUTE));
	TRY(directory_find(request, asked->inode, asked->generation, ACCESS_EXECUTE));
	*move = (struct move){
		.from = asked->directory, .to = asked->inode, .is_exchange = asked->flags & RENAME_EXCHANGE
	};
	move->from_entry = tree_find(&writer.tree, move->from, request->name);
	move->to_entry = tree_find(&writer.tree, move->to, request->text);
	move->from_inode = tree_entry(&writer.tree, move->from_entry)->inode;
	move->to_inode = tree_entry(&writer.tree, move->to_entry)->inode;
	if (move->from_entry == TREE_NONE)
		return ERR_NOT_FOUND;
	return move->is_exchange && move->to_entry == TREE_NONE ? ERR_NOT_FOUND : OK;
}

static err_t check(const struct request *request, struct move *move)
{
	u32 flags = request->asked.flags;
	if (flags & ~(u32)(RENAME_NO_REPLACE | RENAME_EXCHANGE) ||
		flags == (RENAME_NO_REPLACE | RENAME_EXCHANGE))
		return ERR_INVALID;
	TRY(name_check(request->text));
	TRY(find(request, move));
	if (is_directory(inode_at(move->from_inode)) && is_inside(move->to, move->from_inode))
		return ERR_INVALID;
	TRY(check_leave(request, move->from, move->from_inode));
	TRY(check_new_parent(request, move, move->from_inode));
	if (!tree_may(inode_at(move->to), &request->who, ACCESS_WRITE))
		return ERR_RIGHTS;
	return move->to_entry == TREE_NONE ? OK : check_target(request, move);
}

static void count_links(u32 directory, i32 change)
{
	struct tree_inode *inode = inode_at(directory);
	SET_INODE(inode, links, inode->links + (u32)change);
}

static void exchange(const struct move *move)
{
	i32 change =
		(i32)is_directory(inode_at(move->from_inode)) - (i32)is_directory(inode_at(move->to_inode));
	tree_entry_point(&writer, move->from_entry, move->to_inode);
	tree_entry_point(&writer, move->to_entry, move->from_inode);
	count_links(move->from, -change);
	count_links(move->to, change);
}

static err_t replace(const struct request *request, const struct move *move)
{
	bool is_moving_directory = is_directory(inode_at(move->from_inode));
	if (move->to_entry == TREE_NONE) {
		TRY(tree_entry_add(&writer, move->to, request->text, move->from_inode));
	} else {
		tree_entry_point(&writer, move->to_entry, move->from_inode);
		name_lost(move->to_inode);
		if (is_moving_directory)
			count_links(move->to, -1);
	}
	tree_entry_remove(&writer, move->from_entry);
	if (is_moving_directory) {
		count_links(move->from, -1);
		count_links(move->to, 1);
	}
	return OK;
}

// Both names, told as one move by their cookie; before what was replaced is gone.
static void tell(const struct request *request, const struct move *move)
{
	static u32 cookie;
	cookie++;
	watch_named(move->from, request->name, move->from_inode, IN_MOVED_FROM, cookie);
	watch_named(move->to, request->text, move->from_inode, IN_MOVED_TO, cookie);
	watch_self(move->from_inode, IN_MOVE_SELF);
	if (!move->is_exchange)
		return;
	cookie++;
	watch_named(move->to, request->text, move->to_inode, IN_MOVED_FROM, cookie);
	watch_named(move->from, request->name, move->to_inode, IN_MOVED_TO, cookie);
	watch_self(move->to_inode, IN_MOVE_SELF);
}

static err_t rename(struct caller caller, const struct request *request)
{
	struct move move;
	if (answer_find(caller, TREE_RENAME_TAG, request->asked.serial))
		return OK;
	TRY(check(request, &move));
	if (move.from_inode == move.to_inode && !move.is_exchange)
		return OK; // two names of one thing: nothing happens
	tree_change_begin(&writer);
	tell(request, &move);
	if (move.is_exchange)
		exchange(&move);
	else
		TRY(replace(request, &move));
	touch_changed(inode_at(move.from_inode));
	touch_modified(inode_at(move.from));
	touch_modified(inode_at(move.to));
	answer_remember(caller, TREE_RENAME_TAG, request->asked.serial, &(struct replay){});
	return OK;
}

err_t operation_rename(void *_Nullable self, struct caller caller, lease_t lease)
{
	(void)self;
	struct request *request;
	TRY(request_take(caller, lease, &request));
	return rename(caller, request);
}

err_t operation_rename_brief(
	void *_Nullable self, struct caller caller, const struct tree_brief *asked)
{
	(void)self;
	struct request *request;
	TRY(request_take_brief(caller, asked, &request));
	TRY(name_check(request->name));
	return rename(caller, request);
}
