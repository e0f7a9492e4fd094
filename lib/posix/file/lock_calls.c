// SPDX-License-Identifier: MIT
// lock_calls.c - flock, and fcntl's locks. They live in the file server, each with a locker: a
// connection whose last handle gives them back, also when a process is killed
// (servers/ramfs/lock.h). A process has one for its own range locks; an open file has one, in its
// description, for flock and OFD locks.
#include "lib/posix/file/lock_calls.h"

#include "ifc/tree.h"
#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/path.h"
#include "lib/posix/file/request.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

struct span_of_file {
	u64 start, end; // end 0: all there will ever be
};

static i64 locker_of_process(u32 mount, handle_t *out)
{
	struct file_state *state = &posix_self()->files;
	*out = state->locker;
	if (out->raw)
		return 0;
	tree_t tree = { mount_connection(mount) };
	TRY_POSIX(request_error(tree_locker(tree, posix_self()->identity.pid, out)));
	state->locker = *out;
	return 0;
}

// Of an open file: a handle that its descriptors hold, found by the description.
static i64 locker_of_file(const struct file *file, handle_t *out)
{
	struct file_state *state = &posix_self()->files;
	i64 error = 0;
	posix_lock_take(&state->lock);
	struct holder *holder = nullptr;
	for (u32 i = 0; i < HOLDERS_MAX && !holder; i++)
		if (AT(state->holders, i).description == file->description)
			holder = &AT(state->holders, i);
	for (u32 i = 0; i < HOLDERS_MAX && !holder; i++)
		if (!AT(state->holders, i).description)
			holder = &AT(state->holders, i);
	if (!holder)
		error = -ENOLCK;
	else if (!holder->description) {
		tree_t tree = { mount_connection(file->description->tree) };
		error = request_error(tree_locker(tree, UINT32_MAX, &holder->locker));
		holder->description = error ? nullptr : file->description;
		state->holder_count += !error;
	}
	if (!error)
		*out = holder->locker;
	posix_lock_give(&state->lock);
	return error;
}

static i64 lock(struct posix_thread *self, const struct file *file, handle_t locker,
	const struct tree_lock_request *wanted)
{
	// What does not wait, no signal interrupts: F_SETLK, LOCK_NB, giving back.
	bool is_waiting = wanted->is_waiting && wanted->kind != TREE_LOCK_KIND_NONE;
	if (is_waiting)
		wait_open(self);
	err_t err =
		tree_lock((tree_t){ locker }, file->description->inode, file->description->generation,
			wanted->family, wanted->kind, wanted->start, wanted->end, is_waiting);
	if (is_waiting)
		wait_close(self);
	switch (err) {
	case ERR_WOULD_BLOCK: return -EAGAIN;
	case ERR_NOT_FOUND: return 0; // a directory without a name: nobody else can lock it
	case ERR_QUOTA: return -ENOLCK;
	case ERR_BUSY: return -EDEADLK;
	default: return posix_error(err);
	}
}

i64 call_flock(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	u32 operation = ARG_U32(1) & ~(u32)LOCK_NB;
	handle_t locker;
	if (operation != LOCK_SH && operation != LOCK_EX && operation != LOCK_UN)
		return -EINVAL;
	struct tree_lock_request wanted = { .family = TREE_LOCK_FAMILY_WHOLE,
		.kind = operation == LOCK_SH   ? TREE_LOCK_KIND_SHARED
		        : operation == LOCK_EX ? TREE_LOCK_KIND_EXCLUSIVE
		                               : TREE_LOCK_KIND_NONE,
		.is_waiting = !(ARG_U32(1) & LOCK_NB) };
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	i64 answer = 0;
	if (file.description->kind == FILE_PATH)
		answer = -EBADF;
	else if (file.description->inode)
		answer = locker_of_file(&file, &locker);
	if (!answer && file.description->inode)
		answer = lock(self, &file, locker, &wanted);
	file_put(self, &file);
	return answer;
}

static i64 range_of(
	const struct file *file, const struct linux_flock *given, struct span_of_file *out)
{
	u64 length = 0;
	i64 base = 0, start, end;
	if (given->whence == SEEK_END)
		TRY_POSIX(contents_length(file, &length));
	base = given->whence == SEEK_CUR ? (i64)file->description->offset : (i64)length;
	if (given->whence > SEEK_END)
		return -EINVAL;
	if (ckd_add(&start, base, given->start) || ckd_add(&end, start, given->size))
		return -EOVERFLOW;
	if (given->size < 0) { // the bytes before start
		end = start;
		start += given->size;
	}
	if (start < 0)
		return -EINVAL;
	*out = (struct span_of_file){ (u64)start, given->size ? (u64)end : 0 };
	return 0;
}

static enum tree_lock_kind kind_of(u16 type)
{
	return type == F_RDLCK   ? TREE_LOCK_KIND_SHARED
	       : type == F_WRLCK ? TREE_LOCK_KIND_EXCLUSIVE
	                         : TREE_LOCK_KIND_NONE;
}

static i64 test(const struct file *file, handle_t locker, struct linux_flock *given,
	const struct span_of_file *range)
{
	enum tree_lock_kind kind;
	u32 owner;
	u64 start, end;
	if (given->type == F_UNLCK)
		return -EINVAL;
	err_t err = tree_lock_test((tree_t){ locker }, file->description->inode,
		file->description->generation, TREE_LOCK_FAMILY_RANGE, kind_of(given->type), range->start,
		range->end, &kind, &owner, &start, &end);
	if (err != OK && err != ERR_NOT_FOUND)
		return posix_error(err);
	if (err == ERR_NOT_FOUND || kind == TREE_LOCK_KIND_NONE) {
		given->type = F_UNLCK;
		return 0;
	}
	*given = (struct linux_flock){ .type = kind == TREE_LOCK_KIND_SHARED ? F_RDLCK : F_WRLCK,
		.start = (i64)start,
		.size = end ? (i64)(end - start) : 0,
		.pid = (i32)owner };
	return 0;
}

static i64 check_access(const struct file *file, u16 type)
{
	if (type > F_UNLCK)
		return -EINVAL;
	if ((type == F_RDLCK && !file_is_readable(file)) ||
		(type == F_WRLCK && !file_is_writable(file)))
		return -EBADF;
	return 0;
}

i64 lock_control(struct posix_thread *self, const struct file *file, u32 command, u64 argument)
{
	struct linux_flock given;
	struct span_of_file range;
	handle_t locker;
	bool is_file = command >= F_OFD_GETLK;
	TRY_POSIX(user_get(given, argument));
	if (is_file && given.pid)
		return -EINVAL;
	TRY_POSIX(range_of(file, &given, &range));
	TRY_POSIX(is_file ? locker_of_file(file, &locker)
					  : locker_of_process(file->description->tree, &locker));
	if (command == F_GETLK || command == F_OFD_GETLK) {
		TRY_POSIX(test(file, locker, &given, &range));
		return user_put(argument, given);
	}
	TRY_POSIX(check_access(file, given.type));
	struct tree_lock_request wanted = { .family = TREE_LOCK_FAMILY_RANGE,
		.kind = kind_of(given.type),
		.start = range.start,
		.end = range.end,
		.is_waiting = command == F_SETLKW || command == F_OFD_SETLKW };
	return lock(self, file, locker, &wanted);
}

// Before close answers; what the server does when the locker's last handle closes comes later.
static void give_back(const struct file *file, handle_t locker)
{
	const struct description *open = file->description;
	(void)tree_lock((tree_t){ locker }, open->inode, open->generation, TREE_LOCK_FAMILY_WHOLE,
		TREE_LOCK_KIND_NONE, 0, 0, 0);
	(void)tree_lock((tree_t){ locker }, open->inode, open->generation, TREE_LOCK_FAMILY_RANGE,
		TREE_LOCK_KIND_NONE, 0, 0, 0);
}

void locks_closed(const struct file *file, bool is_last)
{
	struct file_state *state = &posix_self()->files;
	if (!state->locker.raw && !state->holder_count)
		return;
	// Closing any descriptor of a file gives back the process's own range locks on it.
	if (state->locker.raw && file->description->kind == FILE_REGULAR)
		(void)tree_lock((tree_t){ state->locker }, file->description->inode,
			file->description->generation, TREE_LOCK_FAMILY_RANGE, TREE_LOCK_KIND_NONE, 0, 0, 0);
	for (u32 i = 0; is_last && i < HOLDERS_MAX; i++) {
		struct holder *holder = &AT(state->holders, i);
		if (holder->description != file->description)
			continue;
		bool is_alone = __atomic_load_n(&file->description->references, __ATOMIC_RELAXED) == 1;
		if (is_alone)
			give_back(file, holder->locker);
		(void)handle_close(holder->locker);
		if (!is_alone) // if the others have ended it was the last handle: the server hears of it
		               // first
			mount_settle(file->description->tree);
		*holder = (struct holder){};
		state->holder_count--;
	}
}
