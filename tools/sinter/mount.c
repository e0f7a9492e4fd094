// SPDX-License-Identifier: MIT
// mount.c - sinter mount: the FUSE session and the operations on open files. One thread; between
// requests the pool goes on with what it has to do, and every five seconds what changed is
// committed.
#include "tools/sinter/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

constexpr u64 COMMIT_EVERY_S = 5;
constexpr u32 TRANSFER_MAX = 1 << 20;       // what the kernel reads and writes at a time
constexpr u32 LOOKS = 100, PAUSE_MAX = 255; // a look takes some tenths of a microsecond

struct mount *mount_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

int mount_errno(err_t err)
{
	switch ((i32)err) {
	case OK: return 0;
	case ERR_NOT_FOUND: return ENOENT;
	case ERR_EXISTS: return EEXIST;
	case ERR_NOT_DIRECTORY: return ENOTDIR;
	case ERR_IS_DIRECTORY: return EISDIR;
	case ERR_NOT_EMPTY: return ENOTEMPTY;
	case ERR_NO_SPACE: return ENOSPC;
	case ERR_READ_ONLY: return EROFS;
	case ERR_NO_MEMORY: return ENOMEM;
	case ERR_INVALID: return EINVAL;
	case ERR_LOOP: return ELOOP;
	case ERR_BUSY: return EBUSY;
	case ERR_UNSUPPORTED: return EOPNOTSUPP;
	case ERR_REVOKED: return ESTALE;
	case ERR_RIGHTS: return EACCES;
	case ERR_QUOTA: return EDQUOT;
	default: return EIO;
	}
}

void mount_reply(fuse_req_t request, err_t err)
{
	fuse_reply_err(request, mount_errno(err));
}

err_t mount_stat(struct mount *mount, u64 inode, struct stat *out)
{
	struct inode_record a;
	struct mount_place place;
	if (mount_is_past_directory(inode))
		return mount_past_stat(out), OK;
	TRY(mount_place(mount, inode, &place));
	TRY(MOUNT_WAIT(mount, sinter_attributes(place.dataset, place.inode, &a)));
	*out = (struct stat){ .st_ino = inode,
		.st_mode = a.mode,
		.st_nlink = a.links,
		.st_uid = a.user,
		.st_gid = a.group,
		.st_rdev = a.device,
		.st_size = (off_t)a.size,
		.st_blksize = RECORD_SIZE,
		.st_blocks = (blkcnt_t)(a.units * (UNIT_SIZE / 512)),
		.st_atim = { a.atime_s, a.atime_ns },
		.st_mtim = { a.mtime_s, a.mtime_ns },
		.st_ctim = { a.ctime_s, a.ctime_ns } };
	return OK;
}

static void do_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	struct mount *mount = mount_of(request);
	struct stat status;
	(void)info;
	err_t err = mount_stat(mount, inode, &status);
	if (err == OK)
		fuse_reply_attr(request, &status, mount->timeout_s);
	else
		mount_reply(request, err);
}

static err_t set_attributes(struct mount *mount, u64 inode, const struct stat *to, int set)
{
	struct sinter_time now = host_port().now(nullptr);
	struct timespec present = { now.s, now.ns };
	struct timespec accessed = set & FUSE_SET_ATTR_ATIME_NOW ? present : to->st_atim;
	struct timespec modified = set & FUSE_SET_ATTR_MTIME_NOW ? present : to->st_mtim;
	struct timespec changed = set & FUSE_SET_ATTR_CTIME ? to->st_ctim : present;
	struct inode_record values = { .mode = to->st_mode,
		.user = to->st_uid,
		.group = to->st_gid,
		.atime_s = accessed.tv_sec,
		.mtime_s = modified.tv_sec,
		.ctime_s = changed.tv_sec,
		.atime_ns = (u32)accessed.tv_nsec,
		.mtime_ns = (u32)modified.tv_nsec,
		.ctime_ns = (u32)changed.tv_nsec };
	u32 mask = ATTRIBUTE_CHANGED;
	mask |= set & FUSE_SET_ATTR_MODE ? (u32)ATTRIBUTE_MODE : 0;
	mask |= set & FUSE_SET_ATTR_UID ? (u32)ATTRIBUTE_USER : 0;
	mask |= set & FUSE_SET_ATTR_GID ? (u32)ATTRIBUTE_GROUP : 0;
	mask |= set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW) ? (u32)ATTRIBUTE_ACCESSED : 0;
	mask |= set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW) ? (u32)ATTRIBUTE_MODIFIED : 0;
	err_t err = mask & ATTRIBUTE_MODE ? mount_list_follow(mount, inode, values.mode) : OK;
	mask &= err == OK ? ~(u32)ATTRIBUTE_MODE : UINT32_MAX;
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	return MOUNT_WAIT(mount, sinter_set_attributes(mount->image->root, inode, &values, mask));
}

// What the kernel reads from its cache is not told here.
void mount_accessed(struct mount *mount, u64 inode)
{
	if (!mount->has_no_atime && !mount_is_past(inode))
		sinter_accessed(mount->image->root, inode);
}

void mount_forget(struct mount *mount, u64 inode)
{
	(void)fuse_lowlevel_notify_inval_inode(mount->session, inode, -1, 0);
}

err_t mount_set_mode(struct mount *mount, u64 inode, u32 mode)
{
	const struct inode_record values = { .mode = mode };
	mount_forget(mount, inode);
	return MOUNT_WAIT(
		mount, sinter_set_attributes(mount->image->root, inode, &values, ATTRIBUTE_MODE));
}

bool mount_is_in_group(fuse_req_t request, const struct stat *status)
{
	const struct fuse_ctx *caller = fuse_req_ctx(request);
	gid_t groups[64];
	int count = fuse_req_getgroups(request, COUNT(groups), groups);
	bool is_in = !caller->uid || caller->gid == status->st_gid;
	for (u32 i = 0; (int)i < count && i < COUNT(groups); i++)
		is_in |= AT(groups, i) == status->st_gid;
	return is_in;
}

static void do_setattr(
	fuse_req_t request, fuse_ino_t inode, struct stat *to, int set, struct fuse_file_info *info)
{
	struct mount *mount = mount_of(request);
	err_t err = OK;
	if (mount_is_past(inode))
		err = ERR_READ_ONLY;
	else if (set & FUSE_SET_ATTR_SIZE && to->st_size < 0)
		err = ERR_INVALID;
	else if (set & FUSE_SET_ATTR_SIZE)
		err = MOUNT_WAIT(mount, sinter_truncate(mount->image->root, inode, (u64)to->st_size));
	if (err == OK && set & ~FUSE_SET_ATTR_SIZE)
		err = set_attributes(mount, inode, to, set);
	if (err == ERR_NOT_FOUND && !(set & ~(FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_CTIME))) {
		// The kernel writes cached times back after the last name went: nobody will see them.
		struct stat gone = { .st_ino = inode };
		fuse_reply_attr(request, &gone, 0);
		return;
	}
	if (err == ERR_TOO_BIG)
		fuse_reply_err(request, EFBIG);
	else if (err == OK)
		do_getattr(request, inode, info);
	else
		mount_reply(request, err);
}

// Opens it, and empties it if that is asked for.
static err_t hold(struct mount *mount, fuse_ino_t inode, int flags)
{
	struct mount_place place;
	TRY(mount_place(mount, inode, &place));
	// O_TRUNC comes with the opening and not as a change of the size: FUSE_CAP_ATOMIC_O_TRUNC.
	if (flags & O_TRUNC)
		TRY(MOUNT_CHANGE(mount, inode, sinter_truncate(place.dataset, inode, 0)));
	TRY(sinter_hold(place.dataset, place.inode));
	if (place.past)
		place.past->opens++;
	return OK;
}

static void do_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	// The folder of what is past is in no dataset.
	err_t err = mount_is_past_directory(inode) ? OK : hold(mount_of(request), inode, info->flags);
	info->keep_cache = 1;
	if (err == OK)
		fuse_reply_open(request, info);
	else
		fuse_reply_err(request, err == ERR_BUSY ? ENFILE : mount_errno(err));
}

static void do_release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	struct mount_place place;
	(void)info;
	if (!mount_is_past_directory(inode) && mount_place(mount_of(request), inode, &place) == OK) {
		sinter_release(place.dataset, place.inode);
		if (place.past)
			place.past->opens--;
	}
	fuse_reply_err(request, 0);
}

static void do_read(
	fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
	static u8 buffer[TRANSFER_MAX]; // one thread
	struct mount *mount = mount_of(request);
	struct mount_place place;
	usize got = 0;
	(void)info;
	span_t to = span_clamp(span_of(buffer), 0, size);
	err_t err = mount_place(mount, inode, &place);
	if (err == OK)
		err = MOUNT_WAIT(mount, sinter_read(place.dataset, place.inode, (u64)offset, to, &got));
	if (err == OK)
		fuse_reply_buf(request, (const char *)buffer, got);
	else
		mount_reply(request, err);
	mount_accessed(mount, inode);
}

static void operation_write(fuse_req_t request, fuse_ino_t inode, const char *bytes, size_t size,
	off_t offset, struct fuse_file_info *info)
{
	struct mount *mount = mount_of(request);
	view_t rest = view_from(bytes, size);
	(void)info;
	while (rest.size) {
		usize written;
		u64 at = (u64)offset + size - rest.size;
		err_t err = MOUNT_WAIT(mount, sinter_write(mount->image->root, inode, at, rest, &written));
		if (err == OK) {
			rest = view_from_offset(rest, written);
			continue;
		}
		if (rest.size < size)
			break; // some of it is written
		fuse_reply_err(request, err == ERR_TOO_BIG ? EFBIG : mount_errno(err));
		return;
	}
	fuse_reply_write(request, size - rest.size);
}

static void do_fsync(
	fuse_req_t request, fuse_ino_t inode, int data_only, struct fuse_file_info *info)
{
	struct image *image = mount_of(request)->image;
	u64 ticket;
	(void)data_only;
	(void)info;
	if (mount_is_past(inode)) {
		fuse_reply_err(request, 0);
		return;
	}
	err_t err = HOST_WAIT(image->pool, sinter_fsync_begin(image->root, inode, &ticket));
	if (err == OK)
		err = HOST_WAIT(image->pool, sinter_fsync_done(image->pool, ticket));
	mount_reply(request, err);
}

static err_t punch(struct image *image, u64 inode, u64 offset, u64 end)
{
	while (offset < end)
		TRY(HOST_WAIT(
			image->pool, sinter_punch(image->root, inode, offset, end - offset, &offset)));
	return OK;
}

// Space is not set apart: a copy-on-write file system cannot promise it by blocks.
static void operation_fallocate(fuse_req_t request, fuse_ino_t inode, int mode, off_t offset,
	off_t size, struct fuse_file_info *info)
{
	struct mount *mount = mount_of(request);
	struct stat status;
	u64 end = (u64)offset + (u64)size;
	(void)info;
	bool is_zeroing = mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE);
	if (mode & ~(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE)) {
		fuse_reply_err(request, EOPNOTSUPP);
		return;
	}
	if (end > FILE_SIZE_MAX) {
		fuse_reply_err(request, EFBIG);
		return;
	}
	err_t err = mount_is_past(inode) ? ERR_READ_ONLY : mount_stat(mount, inode, &status);
	if (err == OK && status.st_mode & S_ISGID && !mount_is_in_group(request, &status))
		err = mount_set_mode(mount, inode, status.st_mode & ~(mode_t)S_ISGID);
	if (err == OK && is_zeroing)
		err = punch(mount->image, inode, (u64)offset, end);
	if (err == OK && !(mode & FALLOC_FL_KEEP_SIZE) && end > (u64)status.st_size)
		err = MOUNT_WAIT(mount, sinter_truncate(mount->image->root, inode, end));
	mount_reply(request, err);
}

static void do_statfs(fuse_req_t request, fuse_ino_t inode)
{
	struct sinter_status status;
	(void)inode;
	sinter_status(mount_of(request)->image->pool, &status);
	struct statvfs values = { .f_bsize = UNIT_SIZE,
		.f_frsize = UNIT_SIZE,
		.f_blocks = status.units,
		.f_bfree = status.units_free,
		.f_bavail = status.units_free - status.units_free / 64,
		.f_files = UINT32_MAX,
		.f_ffree = UINT32_MAX,
		.f_namemax = NAME_SIZE_MAX };
	fuse_reply_statfs(request, &values);
}

static void do_init(void *context, struct fuse_conn_info *connection)
{
	const struct mount *mount = context;
	u32 want = FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_READDIRPLUS | FUSE_CAP_ASYNC_READ |
	           FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_DONT_MASK;
	want |= mount->is_private ? 0 : (u32)FUSE_CAP_POSIX_ACL;
	connection->want |= connection->capable & want;
	connection->max_write = TRANSFER_MAX;
	connection->time_gran = 1;
}

static void commit_sometimes(struct mount *mount, u64 *last_s)
{
	struct timespec time;
	struct sinter_status status;
	double load = 0;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	if ((u64)time.tv_sec < *last_s + COMMIT_EVERY_S)
		return;
	*last_s = (u64)time.tv_sec;
	(void)getloadavg(&load, 1);
	mount->unlooked = load > 2 * (double)sysconf(_SC_NPROCESSORS_ONLN) ? UINT32_MAX : 0;
	sinter_status(mount->image->pool, &status);
	if (!status.is_read_only)
		(void)sinter_sync_begin(mount->image->pool);
}

static void wake(int signal_number)
{
	(void)signal_number; // it is enough that reading was interrupted
}

// Reading that waits for a request is woken every second: there may be something to commit.
static void wake_often(void)
{
	struct sigaction action = { .sa_handler = wake };
	struct itimerval every = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &every, nullptr);
}

// Looks for the next request a while before it sleeps: to be woken takes longer than most callers
// take to ask again. Where that is in vain (they think, or need this very CPU) it is tried rarely;
// on a host with more to do than CPUs, where others need them, not at all.
static void look(struct mount *mount, struct pollfd *poll_for)
{
	u32 tries = 0;
	bool is_paused = mount->unlooked != 0;
	mount->unlooked -= is_paused;
	while (!is_paused && tries < LOOKS && !poll(poll_for, 1, 0))
		tries++;
	if (tries == LOOKS)
		mount->unlooked = mount->pause = (2 * mount->pause + 1) & PAUSE_MAX;
	else if (tries)
		mount->pause = 0;
}

static void serve(struct mount *mount, struct fuse_session *session)
{
	struct fuse_buf buffer = {};
	u64 last_s = 0;
	bool is_flushing = false; // meanwhile a look each millisecond is enough
	wake_often();
	while (!fuse_session_exited(session)) {
		struct pollfd poll_for = { .fd = fuse_session_fd(session), .events = POLLIN };
		bool is_idle = !sinter_is_busy(mount->image->pool);
		if (is_idle)
			look(mount, &poll_for);
		if (is_idle || poll(&poll_for, 1, is_flushing) > 0) {
			int size = fuse_session_receive_buf(session, &buffer);
			if (size <= 0 && size != -EINTR)
				break;
			if (size > 0)
				fuse_session_process_buf(session, &buffer);
		}
		sinter_work(mount->image->pool);
		is_flushing = image_look(mount->image);
		commit_sometimes(mount, &last_s);
	}
	free(buffer.mem);
}

static const struct fuse_lowlevel_ops file_operations = {
	.init = do_init,
	.getattr = do_getattr,
	.setattr = do_setattr,
	.open = do_open,
	.release = do_release,
	.opendir = do_open,
	.releasedir = do_release,
	.read = do_read,
	.write = operation_write,
	// No flush: closing does nothing here, and a kernel that was told so once does not ask again.
	.fsync = do_fsync,
	.fsyncdir = do_fsync,
	.fallocate = operation_fallocate,
	// No lseek: with the write-back cache the kernel holds data of which we do not know, and would
	// be told of holes where there are none. It answers by itself then.
	.statfs = do_statfs,
};

static int run(struct mount *mount, const char *at, const char *_Nullable more, bool is_foreground)
{
	char options[512];
	struct fuse_lowlevel_ops ops = file_operations;
	mount_set_name_operations(&ops);
	// Root may do everything: when nobody else can come in, the kernel need not look at modes
	// first, which costs a request after each change of a directory.
	mount->is_private = !geteuid() && (!more || !strstr(more, "allow_other"));
	mount->has_no_atime = more && strstr(more, "noatime");
	snprintf(options, sizeof options, "-ofsname=sinter,subtype=sinter%s%s%s",
		mount->is_private ? "" : ",default_permissions", more ? "," : "", more ? more : "");
	char name[] = "sinter";
	char *arguments[] = { name, options, nullptr };
	struct fuse_args args = FUSE_ARGS_INIT(2, arguments);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof ops, mount);
	if (!session)
		return complain(at, "FUSE refuses these options");
	mount->session = session;
	int code = 1;
	if (!fuse_set_signal_handlers(session) && !fuse_session_mount(session, at)) {
		if (!is_foreground)
			fuse_daemonize(0);
		serve(mount, session);
		fuse_session_unmount(session);
		code = 0;
	}
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	return code;
}

int command_mount(struct words *words)
{
	struct image image;
	bool is_read_only = words_flag(words, "--read-only");
	bool is_foreground = words_flag(words, "--foreground");
	const char *more = words_option(words, "-o"), *snapshot = words_option(words, "--at");
	const char *dataset = words_option(words, "--dataset");
	const char *paths = words_take(words), *at = words_take(words);
	if (!words_end(words,
			"mount IMAGE DIRECTORY [--dataset DATASET] [--at SNAPSHOT] [--read-only] "
			"[--foreground] [-o OPTIONS]",
			at))
		return 2;
	if (more && strstr(more, "remount")) { // the kernel's own work
		execlp("mount", "mount", "-i", "-o", more, at, nullptr);
		return complain("mount", strerror(errno));
	}
	if (!image_open_at(&image, paths, is_read_only, dataset, snapshot))
		return 1;
	struct mount mount = { .image = &image, .timeout_s = 86400 };
	int code = run(&mount, at, more, is_foreground);
	mount_close_past(&mount);
	int closed = image_close(&image);
	return code ? code : closed;
}
