// SPDX-License-Identifier: MIT
// io.c - read, write, pread, pwrite, the vector calls, lseek, ioctl: what every kind of file has.
#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"

constexpr u32 VECTORS_MAX = 1024;

struct vector {
	u64 address, size;
};

static i64 read_file(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	const struct operations *operations = operations_of(file);
	if (transfer->is_positioned && !operations->seek)
		return file_flags(file) & O_PATH ? -EBADF : -ESPIPE;
	if (!file_is_readable(file))
		return -EBADF;
	if (!operations->read)
		return -EINVAL;
	TRY_POSIX(user_check(transfer->address, transfer->size));
	i64 done = operations->read(self, file, transfer);
	if (done > 0)
		file_told(file, IN_ACCESS);
	return done;
}

static i64 write_file(struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	const struct operations *operations = operations_of(file);
	if (transfer->is_positioned && !operations->seek)
		return file_flags(file) & O_PATH ? -EBADF : -ESPIPE;
	if (!file_is_writable(file))
		return -EBADF;
	if (!operations->write)
		return -EINVAL;
	TRY_POSIX(user_check(transfer->address, transfer->size));
	i64 done = operations->write(self, file, transfer);
	if (done > 0)
		file_told(file, IN_MODIFY);
	return done;
}

typedef i64 mover(struct posix_thread *, const struct file *, struct transfer *);

static i64 move(struct posix_thread *self, i32 number, struct transfer transfer, mover *mover)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	i64 done = mover(self, &file, &transfer);
	file_put(self, &file);
	return done;
}

i64 call_read(struct posix_thread *self, const struct arguments *arguments)
{
	return move(
		self, ARG_INT(0), (struct transfer){ .address = ARG(1), .size = ARG(2) }, read_file);
}

i64 call_write(struct posix_thread *self, const struct arguments *arguments)
{
	return move(
		self, ARG_INT(0), (struct transfer){ .address = ARG(1), .size = ARG(2) }, write_file);
}

i64 call_pread64(struct posix_thread *self, const struct arguments *arguments)
{
	struct transfer transfer = { ARG(1), ARG(2), ARG(3), true };
	return (i64)ARG(3) < 0 ? -EINVAL : move(self, ARG_INT(0), transfer, read_file);
}

i64 call_pwrite64(struct posix_thread *self, const struct arguments *arguments)
{
	struct transfer transfer = { ARG(1), ARG(2), ARG(3), true };
	return (i64)ARG(3) < 0 ? -EINVAL : move(self, ARG_INT(0), transfer, write_file);
}

// A vector of the program's, looked at one part at a time.
struct vectors {
	u64 address;
	u32 count;
	bool is_positioned;
	u64 offset;
};

static i64 vectors_check(const struct vectors *vectors)
{
	u64 total = 0;
	if (vectors->count > VECTORS_MAX)
		return -EINVAL;
	for (u32 i = 0; i < vectors->count; i++) {
		struct vector part;
		TRY_POSIX(user_get(part, vectors->address + i * sizeof part));
		if (ckd_add(&total, total, part.size) || total > INT64_MAX)
			return -EINVAL;
	}
	return 0;
}

static i64 move_parts(
	struct posix_thread *self, const struct file *file, const struct vectors *vectors, mover *mover)
{
	u64 total = 0;
	for (u32 i = 0; i < vectors->count; i++) {
		struct vector part;
		TRY_POSIX(user_get(part, vectors->address + i * sizeof part));
		if (!part.size && i + 1 < vectors->count)
			continue;
		struct transfer transfer = { part.address, part.size, vectors->offset + total,
			vectors->is_positioned };
		i64 done = mover(self, file, &transfer);
		if (done < 0)
			return total ? (i64)total : done;
		total += (u64)done;
		if ((u64)done < part.size)
			break;
	}
	return (i64)total;
}

static i64 move_vectors(
	struct posix_thread *self, i32 number, const struct vectors *vectors, mover *mover)
{
	struct file file;
	TRY_POSIX(file_get(self, number, &file));
	i64 done = vectors_check(vectors);
	if (!done && vectors->is_positioned && (i64)vectors->offset < 0)
		done = -EINVAL;
	if (!done)
		done = move_parts(self, &file, vectors, mover);
	file_put(self, &file);
	return done;
}

i64 call_readv(struct posix_thread *self, const struct arguments *arguments)
{
	return move_vectors(
		self, ARG_INT(0), &(struct vectors){ ARG(1), ARG_U32(2), false, 0 }, read_file);
}

i64 call_writev(struct posix_thread *self, const struct arguments *arguments)
{
	return move_vectors(
		self, ARG_INT(0), &(struct vectors){ ARG(1), ARG_U32(2), false, 0 }, write_file);
}

i64 call_preadv(struct posix_thread *self, const struct arguments *arguments)
{
	return move_vectors(
		self, ARG_INT(0), &(struct vectors){ ARG(1), ARG_U32(2), true, ARG(3) }, read_file);
}

i64 call_pwritev(struct posix_thread *self, const struct arguments *arguments)
{
	return move_vectors(
		self, ARG_INT(0), &(struct vectors){ ARG(1), ARG_U32(2), true, ARG(3) }, write_file);
}

enum move_flag : u32 {
	RWF_HIPRI = 1,
	RWF_DSYNC = 2,
	RWF_SYNC = 4,
	RWF_NOWAIT = 8,
	RWF_APPEND = 16
};

// Offset -1: the description's. All flags but append hold by themselves in memory.
static i64 move_flagged(struct posix_thread *self, const struct arguments *arguments, mover *mover)
{
	u32 known = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT;
	struct vectors vectors = { ARG(1), ARG_U32(2), ARG(3) != UINT64_MAX, ARG(3) };
	if (ARG_U32(5) & ~known)
		return -EOPNOTSUPP;
	return move_vectors(self, ARG_INT(0), &vectors, mover);
}

i64 call_preadv2(struct posix_thread *self, const struct arguments *arguments)
{
	return move_flagged(self, arguments, read_file);
}

i64 call_pwritev2(struct posix_thread *self, const struct arguments *arguments)
{
	return move_flagged(self, arguments, write_file);
}

i64 call_lseek(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	const struct operations *operations = operations_of(&file);
	i64 answer = -ESPIPE;
	if (file_flags(&file) & O_PATH)
		answer = -EBADF;
	else if (ARG_U32(2) > SEEK_HOLE)
		answer = -EINVAL;
	else if (operations->seek)
		answer = operations->seek(self, &file, (i64)ARG(1), ARG_U32(2));
	file_put(self, &file);
	return answer;
}

static void set_flag(const struct file *file, u32 flag, bool is_set)
{
	u32 *flags = &file->description->flags;
	if (is_set)
		atomic_or_relaxed(flags, flag);
	else
		atomic_and_relaxed(flags, ~flag);
}

static i64 control_number(const struct file *file, u32 flag, u64 argument)
{
	u32 value;
	TRY_POSIX(user_get(value, argument));
	set_flag(file, flag, value);
	return 0;
}

static i64 control_readable(const struct file *file, u64 argument)
{
	u64 length;
	TRY_POSIX(contents_length(file, &length));
	i32 left = (i32)(length - file->description->offset);
	return user_put(argument, left);
}

static i64 control(struct posix_thread *self, const struct file *file, u32 request, u64 argument)
{
	const struct operations *operations = operations_of(file);
	bool has_contents =
		file->description->kind == FILE_REGULAR || file->description->kind == FILE_MEMORY;
	switch (request) {
	case FIOCLEX: return descriptor_set_flags(file->number, DESCRIPTOR_CLOEXEC);
	case FIONCLEX: return descriptor_set_flags(file->number, 0);
	case FIONBIO: return control_number(file, O_NONBLOCK, argument);
	case FIOASYNC: return control_number(file, O_ASYNC, argument);
	case FIONREAD:
		if (has_contents)
			return control_readable(file, argument);
		break;
	default: break;
	}
	return operations->control ? operations->control(self, file, request, argument) : -ENOTTY;
}

i64 call_ioctl(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	i64 answer = file_flags(&file) & O_PATH ? -EBADF : control(self, &file, ARG_U32(1), ARG(2));
	file_put(self, &file);
	return answer;
}
