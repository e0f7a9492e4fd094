// SPDX-License-Identifier: MIT
// contents.c - see contents.h.
#include "servers/ramfs/contents.h"

#include "abi/info.h"
#include "abi/memory.h"
#include "os/syscalls.h"
#include "servers/ramfs/boot.h"
#include "servers/ramfs/watch.h"

u32 contents_rights(u32 flags)
{
	u32 rights = RIGHT_MAP | RIGHT_DUP | RIGHT_TRANSFER | RIGHT_WAIT;
	u32 access = flags & OPEN_ACCESS;
	if (access != OPEN_WRITE_ONLY)
		rights |= RIGHT_READ | RIGHT_EXEC;
	if (access == OPEN_WRITE_ONLY || access == OPEN_READ_WRITE)
		rights |= RIGHT_WRITE | RIGHT_RESIZE;
	return rights;
}

static err_t make(const struct tree_inode *inode, handle_t *out)
{
	u64 unused;
	bool is_whole;
	if (!inode->length)
		return memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, out);
	TRY(boot_clone(inode, out, &is_whole));
	if (is_whole)
		return OK;
	// The last page shows no more than the file.
	return memory_control(*out, MEMORY_OPERATION_RESIZE, inode->length, 0, &unused);
}

static err_t publish(u32 number, handle_t contents)
{
	u64 unused;
	return memory_control(
		contents, MEMORY_OPERATION_PUBLISH, inode_slot(number), store->ledger.raw, &unused);
}

err_t contents_publish(u32 number)
{
	return publish(number, (handle_t){ inode_at(number)->contents });
}

u64 contents_withdraw(u32 number)
{
	handle_t contents = { inode_at(number)->contents };
	u64 handles = 0;
	if (!contents.raw)
		return 0;
	store->withdrawn = number;
	err_t err = memory_control(contents, MEMORY_OPERATION_PUBLISH, 0, 0, &handles);
	return err == OK ? handles : 0;
}

void contents_resume(void)
{
	if (inode_at(store->withdrawn)->contents)
		(void)contents_publish(store->withdrawn);
}

err_t contents_get(u32 number, handle_t *out)
{
	struct tree_inode *inode = inode_at(number);
	*out = (handle_t){ inode->contents };
	if (inode->contents)
		return OK;
	err_t err = make(inode, out);
	if (err != OK)
		return err == ERR_NO_MEMORY ? err : ERR_NO_SPACE;
	ledger_hold(*out);
	tree_change_begin(&writer);
	writer.save(inode, sizeof *inode);
	err = publish(number, *out);
	inode->written_floor = inode->written_ns; // making it was no change of the file's
	inode->contents = out->raw;
	if (err != OK)
		(void)handle_close(*out);
	return err;
}

err_t contents_copy(u32 number, handle_t *out)
{
	handle_t contents;
	TRY(contents_get(number, &contents));
	u64 length = inode_at(number)->length;
	if (!length)
		return memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, out);
	TRY(memory_clone(contents, 0, (length + PAGE_MASK) & ~PAGE_MASK, out));
	ledger_hold(*out);
	return OK;
}

static bool lends_powers(const struct tree_inode *inode)
{
	bool is_group = (inode->mode & MODE_SET_GROUP) && inode->mode & 010;
	return is_regular(inode) && (inode->mode & MODE_SET_USER || is_group);
}

err_t contents_guard(u32 number)
{
	struct tree_inode *inode = inode_at(number);
	handle_t former = { inode->contents }, fresh;
	if (!lends_powers(inode) || !inode->links || !former.raw)
		return OK; // without a name nobody else can run it; nobody has it yet
	TRY(contents_copy(number, &fresh));
	writer.save(inode, sizeof *inode);
	err_t err = publish(number, fresh);
	if (err != OK) {
		(void)handle_close(fresh);
		return err;
	}
	inode->written_floor = inode->written_ns; // no change of the file's
	inode->contents = fresh.raw;
	close_later(former, true);
	return OK;
}

void inode_end(u32 number)
{
	watch_gone(number);
	close_later((handle_t){ inode_at(number)->contents }, false);
	tree_inode_free(&writer, number);
}
