// SPDX-License-Identifier: MIT
// change.c - mode, owner, group, times of an inode, by Linux's rules.
#include "ifc/tty.h"
#include "lib/base/format.h"
#include "servers/ramfs/answer.h"
#include "servers/ramfs/contents.h"
#include "servers/ramfs/operations.h"
#include "servers/ramfs/watch.h"

constexpr u32 TIMES = TREE_WHAT_ACCESSED | TREE_WHAT_MODIFIED;
constexpr u32 TIMES_NOW = TREE_WHAT_ACCESSED_NOW | TREE_WHAT_MODIFIED_NOW;

static err_t check_owner(const struct tree_change *change, const struct tree_inode *inode,
	const struct tree_credentials *who)
{
	if (who->capabilities & CAPABILITY_CHOWN)
		return OK;
	if (change->what & TREE_WHAT_USER && (inode->user != who->user || change->user != inode->user))
		return ERR_NOT_OWNER;
	if (change->what & TREE_WHAT_GROUP &&
		(inode->user != who->user ||
			(change->group != inode->group && !tree_is_member(who, change->group))))
		return ERR_NOT_OWNER;
	return OK;
}

static err_t check(const struct tree_change *change, const struct tree_inode *inode,
	const struct tree_credentials *who)
{
	u32 all = TREE_WHAT_MODE | TREE_WHAT_USER | TREE_WHAT_GROUP | TIMES | TIMES_NOW;
	if (change->what & ~all)
		return ERR_INVALID;
	if (change->what & (TREE_WHAT_MODE | TIMES) && !tree_owns(inode, who))
		return ERR_NOT_OWNER;
	if (change->what & TIMES_NOW && !tree_owns(inode, who) && !tree_may(inode, who, ACCESS_WRITE))
		return ERR_RIGHTS;
	return check_owner(change, inode, who);
}

static void set_mode(struct tree_inode *inode, u32 mode, const struct tree_credentials *who)
{
	if (!tree_is_member(who, inode->group) && !(who->capabilities & CAPABILITY_FSETID))
		mode &= ~(u32)MODE_SET_GROUP;
	SET_INODE(inode, mode, (inode->mode & MODE_TYPE) | (mode & MODE_ALL));
}

static void set_owner(const struct tree_change *change, struct tree_inode *inode)
{
	u32 lost = MODE_SET_USER | (inode->mode & 010 ? MODE_SET_GROUP : 0);
	if (change->what & TREE_WHAT_USER)
		SET_INODE(inode, user, change->user);
	if (change->what & TREE_WHAT_GROUP)
		SET_INODE(inode, group, change->group);
	if (change->what & (TREE_WHAT_USER | TREE_WHAT_GROUP) && !is_directory(inode))
		SET_INODE(inode, mode, inode->mode & ~lost);
}

static void set_times(const struct tree_change *change, struct tree_inode *inode)
{
	u32 what = change->what, clocks = inode->clocks;
	i64 now = inode->changed_ns;
	if (what & (TREE_WHAT_ACCESSED | TREE_WHAT_ACCESSED_NOW)) {
		bool is_now = what & TREE_WHAT_ACCESSED_NOW;
		SET_INODE(inode, accessed_ns, is_now ? now : change->accessed_ns);
		clocks = is_now ? clocks & ~(u32)CLOCK_ACCESSED : clocks | CLOCK_ACCESSED;
	}
	if (what & (TREE_WHAT_MODIFIED | TREE_WHAT_MODIFIED_NOW)) {
		bool is_now = what & TREE_WHAT_MODIFIED_NOW;
		SET_INODE(inode, modified_ns, is_now ? now : change->modified_ns);
		SET_INODE(inode, written_floor, inode->written_ns);
		clocks = is_now ? clocks & ~(u32)CLOCK_MODIFIED : clocks | CLOCK_MODIFIED;
	}
	SET_INODE(inode, clocks, clocks);
}

err_t operation_change(void *_Nullable self, struct caller caller, lease_t lease)
{
	(void)self;
	struct tree_change change;
	struct tree_credentials who;
	struct tree_inode *inode;
	if (lease.size != sizeof change)
		return ERR_TOO_BIG;
	TRY(lease_get(lease, 0, span_of(change)));
	if (answer_find(caller, TREE_CHANGE_TAG, change.serial))
		return OK;
	TRY(who_is(caller.badge, &who));
	TRY(inode_find(change.inode, change.generation, &inode));
	TRY(check(&change, inode, &who));
	tree_change_begin(&writer);
	touch_changed(inode);
	set_owner(&change, inode);
	if (change.what & TREE_WHAT_MODE)
		set_mode(inode, change.mode, &who);
	set_times(&change, inode);
	if (change.what & TREE_WHAT_MODE)
		TRY(contents_guard(change.inode));
	watch_both(change.inode, change.entry, IN_ATTRIB);
	answer_remember(caller, TREE_CHANGE_TAG, change.serial, &(struct replay){});
	return OK;
}

static u32 inode_named(u32 directory, view_t name)
{
	return tree_entry(&writer.tree, tree_find(&writer.tree, directory, name))->inode;
}

// /dev/pts has a name for each number. Other nodes of its device are who made them's.
static u32 pseudo_terminal(u32 device)
{
	u8 text[16];
	u32 folder = inode_named(inode_named(TREE_ROOT, VIEW_TEXT("dev")), VIEW_TEXT("pts"));
	return inode_named(folder, format_view(span_of(text), "%u", device - TTY_DEVICE_PTY));
}

err_t operation_device_own(
	void *_Nullable self, struct caller caller, u32 device, u32 user, u32 group, u32 mode)
{
	(void)self;
	struct tree_credentials who;
	TRY(who_is(caller.badge, &who));
	if (!(who.capabilities & CAPABILITY_SYS_ADMIN))
		return ERR_NOT_OWNER;
	struct tree_inode *inode = inode_at(pseudo_terminal(device));
	if ((inode->mode & MODE_TYPE) != MODE_CHARACTER || inode->device != device)
		return OK; // it has no name
	tree_change_begin(&writer);
	touch_changed(inode);
	SET_INODE(inode, user, user);
	SET_INODE(inode, group, group);
	SET_INODE(inode, mode, MODE_CHARACTER | (mode & MODE_ALL));
	return OK;
}
