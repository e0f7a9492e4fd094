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
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

constexpr u32 TRIES = 64;

i64 dirent_put(struct dirents *out, const struct dirent *entry)
{
	struct {
		struct linux_dirent64 head; // the name begins in it
		u8 rest[TREE_NAME_MAX + 1];
	} record;
	constexpr usize HEAD = offsetof(struct linux_dirent64, name);
	usize size = (HEAD + entry->name.size + 1 + 7) & ~(usize)7;
	if (entry->name.size > TREE_NAME_MAX || size > out->size - out->used)
		return -EINVAL;
	record.head = (struct linux_dirent64){ entry->inode, entry->next, (u16)size, entry->type, {} };
	span_t name = span_clamp(span_of(record), HEAD, size - HEAD);
	span_fill(name, 0);
	(void)span_copy(name, entry->name);
	TRY_POSIX(user_copy_out(out->address + out->used, &record, size));
	out->used += size;
	return 0;
}

// The entry behind position, its name copied to room. False: the table moved.
static bool look(const struct tree *tree, const struct file *file, struct dirent *out, span_t room)
{
	struct description *description = file->description;
	u32 sequence = tree_begin(tree);
	u32 hint = (u32)AT(description->detail, 1);
	u32 number = tree_next_entry(tree, description->inode, description->offset - 2, hint);
	const struct tree_entry *entry = tree_entry(tree, number);
	view_t name = tree_name_of(tree, entry);
	*out = (struct dirent){ .inode = number == TREE_NONE ? 0 : entry->inode,
		.next = entry->cookie + 2,
		.type = (u8)entry->type,
		.hint = number };
	bool fits = span_copy(room, name) == OK;
	out->name = view_clamp(span_view(room), 0, name.size);
	return fits && tree_is_same(tree, sequence);
}

static i64 next_entry(const struct file *file, struct dirent *out, span_t room)
{
	const struct description *description = file->description;
	struct file_state *state = &posix_self()->files;
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	const struct tree *tree = names_tree(&names, description->tree);
	for (u32 i = 0; i < TRIES; i++) {
		if (look(tree, file, out, room))
			return 0;
		if (i % WALK_TRIES == WALK_TRIES - 1)
			mount_settle(description->tree);
	}
	return -EIO;
}

static i64 next_dots(const struct file *file, struct dirent *out)
{
	const struct description *description = file->description;
	struct file_state *state = &posix_self()->files;
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	u32 parent = tree_parent(names_tree(&names, description->tree), description->inode);
	bool is_self = description->offset == 0;
	*out = (struct dirent){ .inode = is_self ? description->inode : parent,
		.next = description->offset + 1,
		.type = MODE_DIRECTORY >> 12,
		.name = is_self ? VIEW_TEXT(".") : VIEW_TEXT("..") };
	return 0;
}

static i64 fill(const struct file *file, struct dirents *out)
{
	struct description *description = file->description;
	u8 name[TREE_NAME_MAX + 1];
	for (;;) {
		struct dirent entry;
		TRY_POSIX(description->offset < 2 ? next_dots(file, &entry)
										  : next_entry(file, &entry, span_of(name)));
		if (!entry.inode)
			return (i64)out->used;
		i64 error = dirent_put(out, &entry);
		if (error)
			return out->used ? (i64)out->used : error;
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
	file_put(self, &file);
	return answer;
}
