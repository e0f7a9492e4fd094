// SPDX-License-Identifier: MIT
// change.c - mode, owner, times and length of files, by path and by descriptor.
#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/open.h"
#include "lib/posix/file/received.h"
#include "lib/posix/file/request.h"
#include "lib/posix/file/size_limit.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/linux/time.h"
#include "os/syscalls.h"

constexpr i64 NS = 1'000'000'000;
constexpr i64 UTIME_NOW = 0x3fff'ffff, UTIME_OMIT = 0x3fff'fffe;
constexpr u32 STAYS = UINT32_MAX; // chown's -1

static i64 send(struct posix_thread *self, u32 mount, struct tree_change *change)
{
	change->serial = request_serial(self);
	if (!change->what)
		return 0;
	err_t err = tree_change((tree_t){ mount_connection(mount) }, view_of(*change));
	return request_error(err);
}

// is_path: O_PATH will do, as of fchownat with an empty path.
static i64 change_descriptor(
	struct posix_thread *self, i32 number, bool is_path, struct tree_change *change)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	change->inode = file.description->inode;
	change->generation = file.description->generation;
	if (file.description->kind == FILE_REGULAR)
		change->entry = (u32)AT(file.description->detail, 1);
	u32 mount = file.description->tree;
	u32 kind = file.description->kind, flags = file_flags(&file);
	bool is_received = kind == FILE_DIRECTORY && AT(file.description->detail, 0) & RECEIVED;
	file_put(self, &file);
	if (flags & O_PATH && !is_path)
		return -EBADF;
	if (is_received)
		return -EPERM;
	bool has_inode = kind == FILE_REGULAR || kind == FILE_DIRECTORY || kind == FILE_PATH ||
	                 kind == FILE_NULL || kind == FILE_TERMINAL;
	if (!has_inode || !change->inode)
		return 0; // pipes and the like: nobody would see it
	i64 error = send(self, mount, change);
	return error == -ENOENT ? 0 : error; // of a file without a name
}

static i64 change_path(
	struct posix_thread *self, i32 directory, u64 user_path, u32 flags, struct tree_change *change)
{
	struct path path UNINITIALIZED;
	u8 first;
	if (flags & AT_EMPTY_PATH && directory != AT_FDCWD && user_get(first, user_path) == 0 && !first)
		return change_descriptor(self, directory, true, change);
	u32 walk = flags & AT_SYMLINK_NOFOLLOW ? WALK_NO_FOLLOW : 0;
	TRY_POSIX(path_at(self, directory, user_path, walk, &path));
	if (path.walk.is_remote)
		return -EPERM;
	if (path.walk.at.inode == TREE_NONE)
		return -ENOENT;
	change->inode = path.walk.at.inode;
	change->entry = path.walk.entry;
	change->generation = tree_inode(path_tree(&path), change->inode)->generation;
	return send(self, path.walk.at.mount, change);
}

static i64 change_mode(struct posix_thread *self, i32 directory, u64 path, u32 mode)
{
	struct tree_change change = { .what = TREE_WHAT_MODE, .mode = mode & MODE_ALL };
	return change_path(self, directory, path, 0, &change);
}

i64 call_chmod(struct posix_thread *self, const struct arguments *arguments)
{
	return change_mode(self, AT_FDCWD, ARG(0), ARG_U32(1));
}

i64 call_fchmodat(struct posix_thread *self, const struct arguments *arguments)
{
	return change_mode(self, ARG_INT(0), ARG(1), ARG_U32(2));
}

i64 call_fchmod(struct posix_thread *self, const struct arguments *arguments)
{
	struct tree_change change = { .what = TREE_WHAT_MODE, .mode = ARG_U32(1) & MODE_ALL };
	return change_descriptor(self, ARG_INT(0), false, &change);
}

static struct tree_change owner_change(u32 user, u32 group)
{
	u32 what = (user == STAYS ? 0 : TREE_WHAT_USER) | (group == STAYS ? 0 : TREE_WHAT_GROUP);
	return (struct tree_change){ .what = what, .user = user, .group = group };
}

i64 call_chown(struct posix_thread *self, const struct arguments *arguments)
{
	struct tree_change change = owner_change(ARG_U32(1), ARG_U32(2));
	return change_path(self, AT_FDCWD, ARG(0), 0, &change);
}

i64 call_lchown(struct posix_thread *self, const struct arguments *arguments)
{
	struct tree_change change = owner_change(ARG_U32(1), ARG_U32(2));
	return change_path(self, AT_FDCWD, ARG(0), AT_SYMLINK_NOFOLLOW, &change);
}

i64 call_fchown(struct posix_thread *self, const struct arguments *arguments)
{
	struct tree_change change = owner_change(ARG_U32(1), ARG_U32(2));
	return change_descriptor(self, ARG_INT(0), false, &change);
}

i64 call_fchownat(struct posix_thread *self, const struct arguments *arguments)
{
	struct tree_change change = owner_change(ARG_U32(2), ARG_U32(3));
	if (ARG_U32(4) & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_path(self, ARG_INT(0), ARG(1), ARG_U32(4), &change);
}

static i64 set_time(const struct linux_timespec *time, u32 explicit, u32 now, i64 *out, u32 *what)
{
	if (time->nanoseconds == UTIME_OMIT)
		return 0;
	if (time->nanoseconds == UTIME_NOW) {
		*what |= now;
		return 0;
	}
	if (time->nanoseconds < 0 || time->nanoseconds >= NS)
		return -EINVAL;
	*what |= explicit;
	return ckd_mul(out, time->seconds, NS) || ckd_add(out, *out, time->nanoseconds) ? -EINVAL : 0;
}

static i64 change_times(struct posix_thread *self, i32 directory, u64 path,
	const struct linux_timespec times[_Nullable 2], u32 flags)
{
	struct tree_change change = { .what = TREE_WHAT_ACCESSED_NOW | TREE_WHAT_MODIFIED_NOW };
	if (times) {
		UNSAFE_BEGIN("two times")
		const struct linux_timespec *accessed = &times[0], *modified = &times[1];
		UNSAFE_END
		change.what = 0;
		TRY_POSIX(set_time(accessed, TREE_WHAT_ACCESSED, TREE_WHAT_ACCESSED_NOW,
			&change.accessed_ns, &change.what));
		TRY_POSIX(set_time(modified, TREE_WHAT_MODIFIED, TREE_WHAT_MODIFIED_NOW,
			&change.modified_ns, &change.what));
	}
	if (!path)
		return directory == AT_FDCWD ? -EFAULT : change_descriptor(self, directory, false, &change);
	return change_path(self, directory, path, flags, &change);
}

i64 call_utimensat(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_timespec times[2];
	if (ARG_U32(3) & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!ARG(2))
		return change_times(self, ARG_INT(0), ARG(1), nullptr, ARG_U32(3));
	TRY_POSIX(user_get(times, ARG(2)));
	return change_times(self, ARG_INT(0), ARG(1), times, ARG_U32(3));
}

static i64 change_times_us(struct posix_thread *self, i32 directory, u64 path, u64 user_times)
{
	struct linux_timeval given[2];
	struct linux_timespec times[2];
	if (!user_times)
		return change_times(self, directory, path, nullptr, 0);
	TRY_POSIX(user_get(given, user_times));
	for (u32 i = 0; i < 2; i++) {
		if (AT(given, i).microseconds < 0 || AT(given, i).microseconds >= 1'000'000)
			return -EINVAL;
		AT(times, i) =
			(struct linux_timespec){ AT(given, i).seconds, AT(given, i).microseconds * 1000 };
	}
	return change_times(self, directory, path, times, 0);
}

i64 call_utimes(struct posix_thread *self, const struct arguments *arguments)
{
	return change_times_us(self, AT_FDCWD, ARG(0), ARG(1));
}

i64 call_futimesat(struct posix_thread *self, const struct arguments *arguments)
{
	return change_times_us(self, ARG_INT(0), ARG(1), ARG(2));
}

i64 call_utime(struct posix_thread *self, const struct arguments *arguments)
{
	i64 given[2];
	if (!ARG(1))
		return change_times(self, AT_FDCWD, ARG(0), nullptr, 0);
	TRY_POSIX(user_get(given, ARG(1)));
	struct linux_timespec times[2] = { { AT(given, 0), 0 }, { AT(given, 1), 0 } };
	return change_times(self, AT_FDCWD, ARG(0), times, 0);
}

static i64 length_error(err_t err)
{
	return err == ERR_RANGE ? -EFBIG : err == ERR_NO_MEMORY ? -ENOSPC : request_error(err);
}

i64 call_truncate(struct posix_thread *self, const struct arguments *arguments)
{
	struct path path UNINITIALIZED;
	struct tree_inode inode;
	handle_t contents;
	u64 unused;
	if ((i64)ARG(1) < 0)
		return -EINVAL;
	TRY_POSIX(path_at(self, AT_FDCWD, ARG(0), 0, &path));
	if (path.walk.is_remote)
		return -EPERM;
	TRY_POSIX(path_inode(&path, &inode));
	TRY_POSIX(size_limit_grow(self, inode.length, ARG(1)));
	TRY_POSIX(contents_open(&path, &inode, O_WRONLY, &contents));
	err_t err = memory_control(contents, MEMORY_OPERATION_RESIZE, ARG(1), 0, &unused);
	(void)handle_close(contents);
	if (err == OK && is_anything_watched())
		(void)tree_tell((tree_t){ mount_connection(path.walk.at.mount) }, path.walk.at.inode,
			inode.generation, path.walk.entry, IN_MODIFY);
	return length_error(err);
}

i64 call_ftruncate(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	i64 answer = -EINVAL;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	const struct operations *operations = operations_of(&file);
	if (file_flags(&file) & O_PATH)
		answer = -EBADF;
	else if (operations->resize && file_is_writable(&file) && (i64)ARG(1) >= 0)
		answer = operations->resize(self, &file, ARG(1));
	if (answer >= 0)
		file_told(&file, IN_MODIFY);
	file_put(self, &file);
	return answer;
}
