// SPDX-License-Identifier: MIT
// sync.c - calls about durability and advice. In memory nothing is written later, so there is
// nothing to wait for; extended attributes do not exist.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/path.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

static i64 flush(struct posix_thread *self, i32 number)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	const struct operations *operations = operations_of(&file);
	i64 answer = operations->flush ? operations->flush(self, &file) : -EINVAL;
	if (file_flags(&file) & O_PATH)
		answer = -EBADF;
	file_put(self, &file);
	return answer;
}

static i64 is_open(struct posix_thread *self, i32 number)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	bool is_path = file_flags(&file) & O_PATH;
	file_put(self, &file);
	return is_path ? -EBADF : 0;
}

// What has pages of its own, and not bytes that come and go; otherwise: what a file says that has
// none.
static i64 has_pages(struct posix_thread *self, i32 number, i64 otherwise)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	u32 kind = file.description->kind;
	bool is_path = file_flags(&file) & O_PATH;
	file_put(self, &file);
	return is_path ? -EBADF : kind == FILE_REGULAR || kind == FILE_MEMORY ? 0 : otherwise;
}

static i64 is_seekable(struct posix_thread *self, i32 number)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	bool can_seek = operations_of(&file)->seek, is_path = file_flags(&file) & O_PATH;
	file_put(self, &file);
	return is_path ? -EBADF : can_seek ? 0 : -ESPIPE;
}

i64 call_fsync(struct posix_thread *self, const struct arguments *arguments)
{
	return flush(self, ARG_INT(0));
}

i64 call_fdatasync(struct posix_thread *self, const struct arguments *arguments)
{
	return flush(self, ARG_INT(0));
}

i64 call_sync(struct posix_thread *self, const struct arguments *arguments)
{
	(void)self;
	(void)arguments;
	return 0;
}

i64 call_syncfs(struct posix_thread *self, const struct arguments *arguments)
{
	return is_open(self, ARG_INT(0));
}

i64 call_sync_file_range(struct posix_thread *self, const struct arguments *arguments)
{
	TRY_POSIX(is_open(self, ARG_INT(0)));
	if ((i64)ARG(1) < 0 || (i64)ARG(2) < 0 || ARG_U32(3) > 7)
		return -EINVAL;
	return has_pages(self, ARG_INT(0), -ESPIPE);
}

i64 call_fadvise64(struct posix_thread *self, const struct arguments *arguments)
{
	TRY_POSIX(is_seekable(self, ARG_INT(0)));
	return ARG_U32(3) > 5 || (i64)ARG(2) < 0 ? -EINVAL : 0;
}

i64 call_readahead(struct posix_thread *self, const struct arguments *arguments)
{
	return has_pages(self, ARG_INT(0), -EINVAL);
}

// Twelve calls of extended attributes: the file has to be there, and has none.
static i64 by_path(struct posix_thread *self, const struct arguments *arguments, u32 flags)
{
	struct path path UNINITIALIZED;
	TRY_POSIX(path_at(self, AT_FDCWD, ARG(0), flags, &path));
	bool is_there = path.walk.is_remote || path.walk.at.inode != TREE_NONE;
	return is_there ? -EOPNOTSUPP : -ENOENT;
}

static i64 by_descriptor(struct posix_thread *self, const struct arguments *arguments)
{
	i64 error = is_open(self, ARG_INT(0));
	return error ? error : -EOPNOTSUPP;
}

#define NO_ATTRIBUTES(name)                                                                        \
	i64 call_##name(struct posix_thread *self, const struct arguments *arguments)                  \
	{                                                                                              \
		return by_path(self, arguments, 0);                                                        \
	}                                                                                              \
	i64 call_l##name(struct posix_thread *self, const struct arguments *arguments)                 \
	{                                                                                              \
		return by_path(self, arguments, WALK_NO_FOLLOW);                                           \
	}                                                                                              \
	i64 call_f##name(struct posix_thread *self, const struct arguments *arguments)                 \
	{                                                                                              \
		return by_descriptor(self, arguments);                                                     \
	}
NO_ATTRIBUTES(setxattr)
NO_ATTRIBUTES(getxattr)
NO_ATTRIBUTES(listxattr)
NO_ATTRIBUTES(removexattr)
