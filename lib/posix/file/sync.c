// SPDX-License-Identifier: MIT
// sync.c - calls about durability and advice. In memory nothing is written later, so there is
// nothing to wait for; extended attributes do not exist.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
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

static i64 is_seekable(struct posix_thread *self, i32 number)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	bool can_seek = operations_of(&file)->seek;
	file_put(self, &file);
	return can_seek ? 0 : -ESPIPE;
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
	if ((i64)ARG(1) < 0 || (i64)ARG(2) < 0 || ARG_U32(3) > 7)
		return -EINVAL;
	return is_seekable(self, ARG_INT(0));
}

i64 call_fadvise64(struct posix_thread *self, const struct arguments *arguments)
{
	TRY_POSIX(is_seekable(self, ARG_INT(0)));
	return ARG_U32(3) > 5 || (i64)ARG(2) < 0 ? -EINVAL : 0;
}

i64 call_readahead(struct posix_thread *self, const struct arguments *arguments)
{
	return is_open(self, ARG_INT(0));
}

// All twelve calls of extended attributes.
#define NO_ATTRIBUTES(name)                                                                        \
	i64 call_##name(struct posix_thread *self, const struct arguments *arguments)                  \
	{                                                                                              \
		(void)self;                                                                                \
		(void)arguments;                                                                           \
		return -EOPNOTSUPP;                                                                        \
	}
NO_ATTRIBUTES(setxattr)
NO_ATTRIBUTES(lsetxattr)
NO_ATTRIBUTES(fsetxattr)
NO_ATTRIBUTES(getxattr)
NO_ATTRIBUTES(lgetxattr)
NO_ATTRIBUTES(fgetxattr)
NO_ATTRIBUTES(listxattr)
NO_ATTRIBUTES(llistxattr)
NO_ATTRIBUTES(flistxattr)
NO_ATTRIBUTES(removexattr)
NO_ATTRIBUTES(lremovexattr)
NO_ATTRIBUTES(fremovexattr)
