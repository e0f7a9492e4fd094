// SPDX-License-Identifier: MIT
// make.c - open and make: contents handed out, new inodes under new names.
#include "abi/info.h"
#include "abi/memory.h"
#include "os/syscalls.h"
#include "servers/ramfs/answer.h"
#include "servers/ramfs/contents.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/watch.h"

// What a file's mode must allow for these flags.
static u32 access_wanted(u32 flags)
{
	u32 access = flags & OPEN_ACCESS;
	if (flags & OPEN_EXECUTE)
		return ACCESS_EXECUTE;
	u32 wanted = access == OPEN_WRITE_ONLY ? 0 : ACCESS_READ;
	return wanted | (access || flags & OPEN_TRUNCATE ? ACCESS_WRITE : 0);
}

// Who may write another's file loses it the identity that it runs with.
static void drop_set_id(struct tree_inode *inode, const struct tree_credentials *who)
{
	u32 bits = MODE_SET_USER | (inode->mode & 010 ? MODE_SET_GROUP : 0);
	if (!(inode->mode & bits) || who->capabilities & CAPABILITY_FSETID)
		return;
	tree_change_begin(&writer);
	SET_INODE(inode, mode, inode->mode & ~bits);
}

static err_t truncate(u32 number, handle_t *contents)
{
	struct tree_inode *inode = inode_at(number);
	u64 unused;
	if (!inode->contents && inode->length) {
		tree_change_begin(&writer);
		SET_INODE(inode, length, 0);
	}
	TRY(contents_get(number, contents));
	return memory_control(*contents, MEMORY_OPERATION_RESIZE, 0, 0, &unused);
}

static struct request opening(u32 number, u32 generation, u32 entry)
{
	struct tree_request asked = { .inode = number, .generation = generation, .entry = entry };
	return (struct request){ .asked = asked };
}

static err_t opened_find(struct caller caller, struct request *request, struct tree_inode **out)
{
	TRY(who_is(caller.badge, &request->who));
	return inode_find_named(request, out);
}

err_t operation_open(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 flags, handle_t *out_contents)
{
	(void)self;
	struct request request = opening(number, generation, entry);
	struct tree_inode *inode;
	TRY(opened_find(caller, &request, &inode));
	if (!is_regular(inode))
		return is_directory(inode) ? ERR_IS_DIRECTORY : ERR_INVALID;
	if (!tree_may(inode, &request.who, access_wanted(flags)))
		return ERR_RIGHTS;
	if (access_wanted(flags) & ACCESS_WRITE)
		drop_set_id(inode, &request.who);
	answer_rights = contents_rights(flags & OPEN_EXECUTE ? 0 : flags);
	return flags & OPEN_TRUNCATE ? truncate(number, out_contents)
	                             : contents_get(number, out_contents);
}

err_t operation_device(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 flags, u32 *out_device)
{
	(void)self;
	struct request request = opening(number, generation, entry);
	struct tree_inode *inode;
	TRY(opened_find(caller, &request, &inode));
	if ((inode->mode & MODE_TYPE) != MODE_CHARACTER)
		return ERR_INVALID;
	*out_device = inode->device;
	return tree_may(inode, &request.who, access_wanted(flags)) ? OK : ERR_RIGHTS;
}

err_t operation_meeting(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 flags, u32 is_own, u32 *out_mode)
{
	(void)self;
	struct request request = opening(number, generation, entry);
	struct tree_inode *inode;
	TRY(who_is(caller.badge, &request.who));
	// Who made a socket may have moved it since.
	TRY(is_own ? inode_find(number, generation, &inode) : inode_find_named(&request, &inode));
	u32 type = inode->mode & MODE_TYPE;
	if (type != MODE_FIFO && type != MODE_SOCKET)
		return ERR_INVALID;
	*out_mode = inode->mode;
	if (is_own)
		return tree_owns(inode, &request.who) ? OK : ERR_NOT_OWNER;
	return tree_may(inode, &request.who, access_wanted(flags)) ? OK : ERR_RIGHTS;
}

err_t operation_program(void *_Nullable self, struct caller caller, u32 number, u32 generation,
	u32 entry, u32 *out_mode, u32 *out_user, u32 *out_group, handle_t *out_contents)
{
	(void)self;
	struct request request = opening(number, generation, entry);
	struct tree_inode *inode;
	TRY(opened_find(caller, &request, &inode));
	if (!is_regular(inode))
		return ERR_INVALID;
	if (!tree_may(inode, &request.who, ACCESS_EXECUTE))
		return ERR_RIGHTS;
	if (!(inode->mode & (MODE_SET_USER | MODE_SET_GROUP)))
		return ERR_STATE; // before there is a copy of it
	*out_mode = inode->mode;
	*out_user = inode->user;
	*out_group = inode->group;
	TRY(contents_copy(number, out_contents));
	SET(store->handed, *out_contents);
	return OK;
}

static u64 object_id(handle_t handle)
{
	struct object_info info = {};
	u64 size;
	return handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.id : 0;
}

err_t operation_is_contents(
	void *_Nullable self, struct caller caller, u32 number, u32 generation, handle_t contents)
{
	(void)self;
	(void)caller;
	struct tree_inode *inode;
	TRY(inode_find(number, generation, &inode));
	if (!is_regular(inode) || !inode->contents)
		return ERR_INVALID;
	u64 id = object_id((handle_t){ inode->contents });
	if (!id || id != object_id(contents))
		return ERR_NOT_FOUND;
	SET(store->handed, contents); // closed when the answer has gone out
	return OK;
}

static err_t check_make(const struct request *request)
{
	const struct tree_request *asked = &request->asked;
	u32 type = asked->mode & MODE_TYPE;
	TRY(directory_find(
		request, asked->directory, asked->directory_generation, ACCESS_WRITE | ACCESS_EXECUTE));
	if (tree_find(&writer.tree, asked->directory, request->name) != TREE_NONE)
		return ERR_EXISTS;
	switch (type) {
	case MODE_REGULAR:
	case MODE_DIRECTORY:
	case MODE_FIFO:
	case MODE_SOCKET: return OK;
	case MODE_LINK:
		if (!request->text.size || view_find(request->text, 0) < request->text.size)
			return ERR_NOT_FOUND;
		return request->text.size <= TREE_LINK_TEXT_MAX ? OK : ERR_TOO_BIG;
	case MODE_CHARACTER:
	case MODE_BLOCK: return request->who.capabilities & CAPABILITY_MKNOD ? OK : ERR_NOT_OWNER;
	default: return ERR_INVALID;
	}
}

// Owner, group and mode of what is made in this directory.
static void set_owner(const struct request *request, struct tree_inode *inode)
{
	const struct tree_inode *directory = inode_at(request->asked.directory);
	bool is_set_group = directory->mode & MODE_SET_GROUP;
	const struct tree_credentials *who = &request->who;
	inode->user = who->user;
	inode->group = is_set_group ? directory->group : who->group;
	if (is_directory(inode) && is_set_group)
		inode->mode |= MODE_SET_GROUP;
	else if (!is_directory(inode) &&
			 (inode->mode & (MODE_SET_GROUP | 010)) == (MODE_SET_GROUP | 010) &&
			 !tree_is_member(who, inode->group) && !(who->capabilities & CAPABILITY_FSETID))
		inode->mode &= ~(u32)MODE_SET_GROUP;
}

static err_t make_inode(const struct request *request, u32 *out)
{
	const struct tree_request *asked = &request->asked;
	u32 type = asked->mode & MODE_TYPE;
	bool is_node = type == MODE_CHARACTER || type == MODE_BLOCK;
	TRY(tree_inode_make(&writer, asked->mode & (MODE_TYPE | MODE_ALL), out));
	struct tree_inode *inode = inode_at(*out);
	set_owner(request, inode);
	touch_modified(inode);
	inode->accessed_ns = inode->modified_ns;
	inode->device = is_node ? asked->device : 0;
	inode->links = type == MODE_DIRECTORY ? 2 : 1;
	if (type == MODE_LINK)
		TRY(tree_link_set(&writer, *out, request->text));
	return tree_entry_add(&writer, asked->directory, request->name, *out);
}

static err_t make_again(const struct replay *replay, handle_t *out_contents)
{
	answer_rights = replay->rights;
	return replay->rights && inode_at(replay->inode)->generation == replay->generation
	           ? contents_get(replay->inode, out_contents)
	           : OK;
}

static err_t make(struct caller caller, const struct request *request, struct replay *answer,
	handle_t *out_contents)
{
	const struct tree_request *asked = &request->asked;
	const struct replay *replay = answer_find(caller, TREE_MAKE_TAG, asked->serial);
	if (replay) {
		*answer = *replay;
		return make_again(replay, out_contents);
	}
	TRY(check_make(request));
	tree_change_begin(&writer);
	TRY(make_inode(request, &answer->inode));
	const struct tree_inode *inode = inode_at(answer->inode);
	struct tree_inode *directory = inode_at(asked->directory);
	touch_modified(directory);
	if (is_directory(inode))
		SET_INODE(directory, links, directory->links + 1);
	watch_named(asked->directory, request->name, answer->inode, IN_CREATE, 0);
	answer->generation = inode->generation;
	if (asked->open && is_regular(inode)) {
		answer->rights = answer_rights = contents_rights(asked->open - 1);
		TRY(contents_get(answer->inode, out_contents));
	}
	answer_remember(caller, TREE_MAKE_TAG, asked->serial, answer);
	return OK;
}

err_t operation_make(void *_Nullable self, struct caller caller, lease_t asked, u32 *out_inode,
	u32 *out_generation, handle_t *out_contents)
{
	(void)self;
	struct request *request;
	struct replay answer = {};
	TRY(request_take(caller, asked, &request));
	TRY(make(caller, request, &answer, out_contents));
	*out_inode = answer.inode;
	*out_generation = answer.generation;
	return OK;
}

err_t operation_create_brief(void *_Nullable self, struct caller caller,
	const struct tree_brief *asked, u32 *out_inode, u32 *out_generation, handle_t *out_contents)
{
	(void)self;
	struct request *request;
	struct replay answer = {};
	if (!asked->open || (asked->mode & MODE_TYPE) != MODE_REGULAR)
		return ERR_INVALID;
	TRY(request_take_brief(caller, asked, &request));
	TRY(name_check(request->name));
	TRY(make(caller, request, &answer, out_contents));
	*out_inode = answer.inode;
	*out_generation = answer.generation;
	return OK;
}

err_t operation_make_brief(void *_Nullable self, struct caller caller,
	const struct tree_brief *asked, u32 *out_inode, u32 *out_generation)
{
	(void)self;
	struct request *request;
	struct replay answer = {};
	handle_t none;
	if (asked->open)
		return ERR_INVALID;
	TRY(request_take_brief(caller, asked, &request));
	TRY(name_check(request->name));
	TRY(make(caller, request, &answer, &none));
	*out_inode = answer.inode;
	*out_generation = answer.generation;
	return OK;
}
