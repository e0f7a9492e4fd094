// SPDX-License-Identifier: MIT
// nameless.c - see nameless.h. Nobody but we can make a handle when ours is the only one, so a
// count of one stays one.
#include "servers/ramfs/nameless.h"

#include "abi/info.h"
#include "abi/signals.h"
#include "os/syscalls.h"
#include "servers/ramfs/contents.h"

static bool is_alone(handle_t contents)
{
	struct object_info info = {};
	u64 size;
	return handle_info(contents, INFO_TOPIC_OBJECT, span_of(info), &size) != OK ||
	       info.handles <= 1;
}

static err_t watch(u32 number, handle_t contents)
{
	u64 badge = (u64)BADGE_NAMELESS << 32 | number;
	err_t err = port_bind(port, contents, SIGNAL_ALONE, badge, BIND_MODE_EDGE);
	return err == ERR_EXISTS ? OK : err; // it had no name before
}

bool nameless_keep(u32 number)
{
	handle_t contents = { inode_at(number)->contents };
	return watch(number, contents) == OK && !is_alone(contents) && contents_publish(number) == OK;
}

static bool is_nameless(const struct tree_inode *inode)
{
	return is_regular(inode) && inode->contents && !inode->links;
}

void nameless_alone(u32 number)
{
	const struct tree_inode *inode = inode_at(number);
	handle_t contents = { inode->contents };
	if (is_nameless(inode) && is_alone(contents)) {
		tree_change_begin(&writer);
		(void)contents_withdraw(number);
		inode_end(number);
	} else if (inode->links && contents.raw) {
		(void)port_bind(port, contents, 0, 0, BIND_MODE_EDGE); // it has a name again
	}
}

bool nameless_resume(u32 number)
{
	const struct tree_inode *inode = inode_at(number);
	if (!is_nameless(inode))
		return false;
	(void)watch(number, (handle_t){ inode->contents });
	nameless_alone(number);
	return !inode->mode;
}
