// SPDX-License-Identifier: MIT
// link.c - link and unlink: one name more, one name less.
#include "servers/ramfs/link.h"
#include "servers/ramfs/answer.h"
#include "servers/ramfs/contents.h"
#include "servers/ramfs/nameless.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/watch.h"

constexpr u32 LINKS_MAX = 65000;
constexpr u32 REMOVE_DIRECTORY = 0x200; // AT_REMOVEDIR

void name_lost(u32 number)
{
	struct tree_inode *inode = inode_at(number);
	bool is_last = is_directory(inode) || inode->links == 1;
	bool is_open = is_last && contents_withdraw(number) > 1;
	watch_self(number, IN_ATTRIB);
	if (is_last && !(is_open && nameless_keep(number))) {
		inode_end(number);
		return;
	}
	SET_INODE(inode, links, inode->links - 1);
	touch_changed(inode);
}

// Nobody gives another's program or secret a name that its owner can't take away.
static bool may_link(const struct tree_inode *inode, const struct tree_credentials *who)
{
	if (tree_owns(inode, who))
		return true;
	bool runs_as_other = inode->mode & MODE_SET_USER ||
	                     (inode->mode & (MODE_SET_GROUP | 010)) == (MODE_SET_GROUP | 010);
	return is_regular(inode) && !runs_as_other && tree_may(inode, who, ACCESS_READ | ACCESS_WRITE);
}

static err_t check_link(const struct request *request)
{
	const struct tree_request *asked = &request->asked;
	struct tree_inode *inode;
	TRY(inode_find_named(request, &inode));
	TRY(directory_find(
		request, asked->directory, asked->directory_generation, ACCESS_WRITE | ACCESS_EXECUTE));
	if (tree_find(&writer.tree, asked->directory, request->name) != TREE_NONE)
		return ERR_EXISTS;
	if (is_directory(inode) || !may_link(inode, &request->who))
		return ERR_NOT_OWNER;
	if (!inode->links && !inode->is_linkable)
		return ERR_NOT_FOUND;
	return inode->links < LINKS_MAX ? OK : ERR_TOO_BIG;
}

err_t operation_link(void *_Nullable self, struct caller caller, lease_t lease)
{
	(void)self;
	struct request *request;
	TRY(request_take(caller, lease, &request));
	const struct tree_request *asked = &request->asked;
	if (answer_find(caller, TREE_LINK_TAG, asked->serial))
		return OK;
	TRY(check_link(request));
	tree_change_begin(&writer);
	struct tree_inode *inode = inode_at(asked->inode);
	TRY(tree_entry_add(&writer, asked->directory, request->name, asked->inode));
	SET_INODE(inode, links, inode->links + 1);
	if (inode->is_linkable) {
		SET_INODE(inode, is_linkable, 0);
		TRY(contents_guard(asked->inode));
	}
	touch_changed(inode);
	touch_modified(inode_at(asked->directory));
	watch_self(asked->inode, IN_ATTRIB);
	watch_named(asked->directory, request->name, asked->inode, IN_CREATE, 0);
	answer_remember(caller, TREE_LINK_TAG, asked->serial, &(struct replay){});
	return OK;
}

// By the entry that the caller found, if it is still this name's, which then is a good name.
static err_t entry_find(const struct request *request, u32 *out)
{
	const struct tree_request *asked = &request->asked;
	const struct tree_entry *entry = tree_entry(&writer.tree, asked->entry);
	if (entry->directory == asked->directory &&
		view_equal(tree_name_of(&writer.tree, entry), request->name)) {
		*out = asked->entry;
		return OK;
	}
	TRY(name_check(request->name));
	*out = tree_find(&writer.tree, asked->directory, request->name);
	return *out == TREE_NONE ? ERR_NOT_FOUND : OK;
}

static err_t check_unlink(const struct request *request, u32 *entry)
{
	const struct tree_request *asked = &request->asked;
	TRY(directory_find(request, asked->directory, asked->directory_generation, ACCESS_EXECUTE));
	TRY(entry_find(request, entry));
	const struct tree_inode *directory = inode_at(asked->directory);
	const struct tree_inode *inode = inode_at(tree_entry(&writer.tree, *entry)->inode);
	if (!tree_may(directory, &request->who, ACCESS_WRITE))
		return ERR_RIGHTS;
	if (!tree_may_remove(directory, inode, &request->who))
		return ERR_NOT_OWNER;
	bool wants_directory = asked->flags & REMOVE_DIRECTORY;
	if (is_directory(inode) != wants_directory)
		return wants_directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY;
	return is_directory(inode) && inode->count ? ERR_NOT_EMPTY : OK;
}

static err_t unlink(struct caller caller, const struct request *request)
{
	const struct tree_request *asked = &request->asked;
	u32 entry;
	if (answer_find(caller, TREE_UNLINK_TAG, asked->serial))
		return OK;
	TRY(check_unlink(request, &entry));
	tree_change_begin(&writer);
	u32 number = tree_entry(&writer.tree, entry)->inode;
	struct tree_inode *directory = inode_at(asked->directory);
	watch_named(asked->directory, request->name, number, IN_DELETE, 0);
	tree_entry_remove(&writer, entry); // notes the whole directory: first
	touch_modified(directory);
	if (is_directory(inode_at(number)))
		SET_INODE(directory, links, directory->links - 1);
	name_lost(number);
	if (asked->flags & TREE_UNLINK_LINKABLE && is_regular(inode_at(number)))
		SET_INODE(inode_at(number), is_linkable, !inode_at(number)->links);
	answer_remember(caller, TREE_UNLINK_TAG, asked->serial, &(struct replay){});
	return OK;
}

err_t operation_unlink(void *_Nullable self, struct caller caller, lease_t lease)
{
	(void)self;
	struct request *request;
	TRY(request_take(caller, lease, &request));
	return unlink(caller, request);
}

err_t operation_unlink_brief(
	void *_Nullable self, struct caller caller, const struct tree_brief *asked)
{
	(void)self;
	struct request *request;
	TRY(request_take_brief(caller, asked, &request));
	return unlink(caller, request);
}
