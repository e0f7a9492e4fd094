// SPDX-License-Identifier: MIT
// status.c - see status.h: and stat, lstat, fstat, newfstatat, statx.
#include "lib/posix/file/status.h"

#include "abi/info.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/scheme.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr i64 NS = 1'000'000'000;
constexpr u32 BLOCK = 512;

const struct tree_inode *inode_look(u32 mount, u32 inode)
{
	struct file_state *state = &posix_self()->files;
	struct names names = { state->trees, state->tree_count, state->mounts, state->mount_count };
	return tree_inode(names_tree(&names, mount), inode);
}

static struct linux_timespec time_of(i64 ns, bool is_real)
{
	if (!is_real)
		ns += posix_real_offset();
	i64 seconds = ns / NS, rest = ns % NS;
	return rest < 0 ? (struct linux_timespec){ seconds - 1, rest + NS }
	                : (struct linux_timespec){ seconds, rest };
}

static i64 size_of(const struct tree_inode *inode)
{
	switch (inode->mode & MODE_TYPE) {
	case MODE_DIRECTORY: return 40 + 20 * (i64)inode->count;
	case MODE_REGULAR:
	case MODE_LINK: return (i64)inode->length;
	default: return 0;
	}
}

// The change time follows the kernel's word about writes.
static void set_times(const struct tree_inode *inode, struct linux_stat *out)
{
	bool is_real;
	i64 modified = (i64)tree_modified(inode, &is_real);
	out->modified = time_of(modified, is_real);
	out->accessed = time_of(inode->accessed_ns, inode->clocks & CLOCK_ACCESSED);
	out->changed = time_of(inode->changed_ns, inode->clocks & CLOCK_CHANGED);
	bool is_written = !is_real && modified != inode->modified_ns;
	if (is_written && (inode->clocks & CLOCK_CHANGED || modified > inode->changed_ns))
		out->changed = out->modified;
}

void status_of_inode(u32 mount, u32 number, const struct tree_inode *inode, struct linux_stat *out)
{
	u32 type = inode->mode & MODE_TYPE;
	*out = (struct linux_stat){
		.device = DEVICE_FIRST + AT(posix_self()->files.mounts, mount % MOUNTS_MAX).tree,
		.inode = status_number(number, inode->generation),
		.links = inode->links,
		.mode = inode->mode,
		.user = inode->user,
		.group = inode->group,
		.special = inode->device,
		.size = size_of(inode),
		.block_size = PAGE_SIZE,
	};
	if (type == MODE_REGULAR)
		out->blocks = (out->size + (i64)PAGE_MASK) / (i64)PAGE_SIZE * (i64)(PAGE_SIZE / BLOCK);
	set_times(inode, out);
}

// Of a file without a name: what the description and the kernel know.
static i64 status_of_nameless(const struct file *file, struct linux_stat *out)
{
	const struct description *description = file->description;
	struct memory_info info = {};
	u64 size;
	if (file->handle.raw)
		(void)handle_info(file->handle, INFO_TOPIC_MEMORY, span_of(info), &size);
	*out = (struct linux_stat){ .device = DEVICE_FIRST + description->tree,
		.inode = status_number(description->inode, description->generation),
		.mode = (u32)AT(description->detail, 0) & (MODE_TYPE | MODE_ALL),
		.user = (u32)(AT(description->detail, 0) >> 32),
		.size = (i64)info.size,
		.block_size = PAGE_SIZE,
		.blocks = (i64)(info.committed_pages * (PAGE_SIZE / BLOCK)) };
	out->modified = out->changed = out->accessed = time_of((i64)info.modified_ns, false);
	return 0;
}

i64 status_of_open(const struct file *file, struct linux_stat *out)
{
	const struct description *description = file->description;
	struct tree_inode inode UNINITIALIZED;
	if (description->kind == FILE_MEMORY)
		return status_of_nameless(file, out);
	i64 error = inode_read(description->tree, description->inode, description->generation, &inode);
	if (error == -ENOENT)
		return status_of_nameless(file, out);
	TRY_POSIX(error);
	status_of_inode(description->tree, description->inode, &inode, out);
	return 0;
}

static i64 status_of_descriptor(struct posix_thread *self, i32 number, struct linux_stat *out)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	const struct operations *operations = operations_of(&file);
	i64 error = -EBADF;
	if (operations->stat) {
		error = operations->stat(self, &file, out);
	} else {
		*out = (struct linux_stat){ .mode = S_IFIFO | 0600, .links = 1, .block_size = PAGE_SIZE };
		error = 0;
	}
	file_put(self, &file);
	return error;
}

static i64 status_of_path(
	struct posix_thread *self, i32 directory, u64 path, u32 flags, struct linux_stat *out)
{
	struct path found UNINITIALIZED;
	struct tree_inode inode UNINITIALIZED;
	u32 walk = flags & AT_SYMLINK_NOFOLLOW ? WALK_NO_FOLLOW : 0;
	TRY_POSIX(path_at(self, directory, path, walk, &found));
	if (found.walk.is_remote)
		return scheme_stat(self, &found, flags, out);
	TRY_POSIX(path_inode(&found, &inode));
	status_of_inode(found.walk.at.mount, found.walk.at.inode, &inode, out);
	return 0;
}

static bool is_empty_string(u64 path)
{
	u8 first = 1;
	return !path || (user_copy_in(&first, path, 1) == 0 && !first);
}

static i64 status_at(
	struct posix_thread *self, i32 directory, u64 path, u32 flags, struct linux_stat *out)
{
	if (flags & AT_EMPTY_PATH && is_empty_string(path)) {
		if (directory != AT_FDCWD)
			return status_of_descriptor(self, directory, out);
		struct path found UNINITIALIZED;
		struct tree_inode inode UNINITIALIZED;
		TRY_POSIX(path_walk(self, directory, VIEW_TEXT("."), 0, &found));
		if (found.walk.is_remote)
			return scheme_stat(self, &found, flags, out);
		TRY_POSIX(path_inode(&found, &inode));
		status_of_inode(found.walk.at.mount, found.walk.at.inode, &inode, out);
		return 0;
	}
	return status_of_path(self, directory, path, flags, out);
}

i64 call_newfstatat(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stat status UNINITIALIZED;
	u32 flags = ARG_U32(3);
	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	TRY_POSIX(status_at(self, ARG_INT(0), ARG(1), flags, &status));
	return user_put(ARG(2), status);
}

i64 call_stat(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stat status UNINITIALIZED;
	TRY_POSIX(status_of_path(self, AT_FDCWD, ARG(0), 0, &status));
	return user_put(ARG(1), status);
}

i64 call_lstat(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stat status UNINITIALIZED;
	TRY_POSIX(status_of_path(self, AT_FDCWD, ARG(0), AT_SYMLINK_NOFOLLOW, &status));
	return user_put(ARG(1), status);
}

i64 call_fstat(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stat status UNINITIALIZED;
	TRY_POSIX(status_of_descriptor(self, ARG_INT(0), &status));
	return user_put(ARG(1), status);
}

static struct linux_statx_time statx_time(struct linux_timespec time)
{
	return (struct linux_statx_time){ time.seconds, (u32)time.nanoseconds, 0 };
}

static u32 device_major(u64 device)
{
	return (u32)(device >> 8 & 0xfff) | (u32)(device >> 32 & ~(u64)0xfff);
}

static u32 device_minor(u64 device)
{
	return (u32)(device & 0xff) | (u32)(device >> 12 & ~(u64)0xff);
}

i64 call_statx(struct posix_thread *self, const struct arguments *arguments)
{
	struct linux_stat status UNINITIALIZED;
	constexpr u32 SYNC_FLAGS = 0x6000;
	u32 flags = ARG_U32(2);
	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | SYNC_FLAGS) ||
		(flags & SYNC_FLAGS) == SYNC_FLAGS || ARG_U32(3) & 0x8000'0000)
		return -EINVAL;
	TRY_POSIX(status_at(self, ARG_INT(0), ARG(1), flags, &status));
	struct linux_statx extended = {
		.mask = STATX_BASIC_STATS,
		.block_size = (u32)status.block_size,
		.links = (u32)status.links,
		.user = status.user,
		.group = status.group,
		.mode = (u16)status.mode,
		.inode = status.inode,
		.size = (u64)status.size,
		.blocks = (u64)status.blocks,
		.accessed = statx_time(status.accessed),
		.changed = statx_time(status.changed),
		.modified = statx_time(status.modified),
		.special_major = device_major(status.special),
		.special_minor = device_minor(status.special),
		.device_major = device_major(status.device),
		.device_minor = device_minor(status.device),
		.mount = status.device,
	};
	return user_put(ARG(4), extended);
}
