// SPDX-License-Identifier: MIT
// directory.c - open directories, and O_PATH. Entries are read in the table, one at a time, each as
// it was at one moment. Positions: 0 "." 1 ".." then 1 + the entry's cookie, all behind what they
// name.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/dirent.h"
#include "lib/posix/file/kinds.h"
#include "lib/posix/file/status.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

constexpr u32 TRIES = 64;

i64 dirent_put(struct dirents *out, const struct dirent *entry)
{
	struct {
		struct linux_dirent64 head; // the name begins in it
		u8 rest[TREE_NAME_MAX + 1];
	} record UNINITIALIZED;
	constexpr usize HEAD = offsetof(struct linux_dirent64, name);
	usize end = HEAD + entry->name.size, size = (end + 1 + 7) & ~(usize)7;
	if (entry->name.size > TREE_NAME_MAX || size > out->size - out->used)
		return -EINVAL;
	record.head = (struct linux_dirent64){ entry->inode, entry->next, (u16)size, entry->type, {} };
	(void)span_copy(span_from_offset(span_of(record), HEAD), entry->name);
	span_fill(span_clamp(span_of(record), end, size - end), 0);
	TRY_POSIX(user_copy_out(out->address + out->used, &record, size));
	out->used += size;
	return 0;
}

static const struct tree *tree_of(const struct file *file)
{
	struct file_state *state = &posix_self()->files;
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	return names_tree(&names, file->description->tree);
}

static u64 told(const struct tree *tree, u32 inode)
{
	return status_number(inode, tree_inode(tree, inode)->generation);
}

// The entry behind position, its name still in the table. inode 0: there is none.
static void look(const struct tree *tree, const struct file *file, struct dirent *out)
{
	struct description *description = file->description;
	u32 hint = (u32)AT(description->detail, 1);
	u32 number = tree_next_entry(tree, description->inode, description->offset - 2, hint);
	const struct tree_entry *entry = tree_entry(tree, number);
	*out = (struct dirent){ .inode = number == TREE_NONE ? 0 : told(tree, entry->inode),
		.next = entry->cookie + 2,
		.type = (u8)entry->type,
		.hint = number,
		.name = tree_name_of(tree, entry) };
}

static i64 put_next(
	const struct tree *tree, const struct file *file, struct dirents *out, struct dirent *entry)
{
	u64 used = out->used;
	for (u32 i = 0; i < TRIES; i++) {
		u32 sequence = tree_begin(tree);
		look(tree, file, entry);
		i64 error = entry->inode ? dirent_put(out, entry) : 0;
		if (tree_is_same(tree, sequence))
			return error;
		out->used = used; // it was written while we looked
		if (i % WALK_TRIES == WALK_TRIES - 1)
			mount_settle(file->description->tree);
	}
	return -EIO;
}

static i64 put_dots(
	const struct tree *tree, const struct file *file, struct dirents *out, struct dirent *entry)
{
	const struct description *description = file->description;
	bool is_self = description->offset == 0;
	*entry = (struct dirent){ .inode = told(tree, is_self ? description->inode
														  : tree_parent(tree, description->inode)),
		.next = description->offset + 1,
		.type = MODE_DIRECTORY >> 12,
		.name = is_self ? VIEW_TEXT(".") : VIEW_TEXT("..") };
	return dirent_put(out, entry);
}

static i64 fill(const struct file *file, struct dirents *out)
{
	struct description *description = file->description;
	const struct tree *tree = tree_of(file);
	for (;;) {
		struct dirent entry;
		i64 error = description->offset < 2 ? put_dots(tree, file, out, &entry)
		                                    : put_next(tree, file, out, &entry);
		if (error)
			return out->used ? (i64)out->used : error;
		if (!entry.inode)
			return (i64)out->used;
		description->offset = entry.next;
		AT(description->detail, 1) = entry.hint;
	}
}

static i64 directory_list(struct posix_thread *self, const struct file *file, u64 address, u64 size)
{
	const struct description *description = file->description;
	struct dirents out = { address, size, 0 };
	struct tree_inode inode;
	(void)self;
	TRY_POSIX(inode_read(description->tree, description->inode, description->generation, &inode));
	bool is_taken = file_offset_take(file);
	i64 answer = fill(file, &out);
	file_offset_give(file, is_taken);
	return answer;
}

static i64 directory_seek(
	struct posix_thread *self, const struct file *file, i64 offset, u32 whence)
{
	struct description *description = file->description;
	(void)self;
	if (whence == SEEK_CUR)
		offset += (i64)description->offset;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	description->offset = (u64)offset;
	AT(description->detail, 1) = TREE_NONE;
	return offset;
}

static i64 directory_read(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	(void)self;
	(void)file;
	(void)transfer;
	return -EISDIR;
}

static i64 directory_stat(
	struct posix_thread *self, const struct file *file, struct linux_stat *out)
{
	(void)self;
	return status_of_open(file, out);
}

static i64 directory_flush(struct posix_thread *self, const struct file *file)
{
	(void)self;
	(void)file;
	return 0;
}

const struct operations directory_operations = {
	.read = directory_read,
	.seek = directory_seek,
	.stat = directory_stat,
	.list = directory_list,
	.flush = directory_flush,
};

const struct operations path_operations = { .stat = directory_stat };

i64 call_getdents64(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	const struct operations *operations = operations_of(&file);
	i64 answer = operations->list ? operations->list(self, &file, ARG(1), ARG_U32(2)) : -ENOTDIR;
	if (answer > 0)
		file_told(&file, IN_ACCESS);
	file_put(self, &file);
	return answer;
}
