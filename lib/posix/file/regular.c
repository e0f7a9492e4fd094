// SPDX-License-Identifier: MIT
// regular.c - contents in a memory object: regular files and memfds. The kernel copies, keeps the
// length and appends (docs/decisions/016): no service, no switch.
#include "abi/info.h"
#include "abi/memory.h"
#include "lib/base/checked.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/user.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/kinds.h"
#include "lib/posix/file/path.h"
#include "lib/posix/file/seals.h"
#include "lib/posix/file/size_limit.h"
#include "lib/posix/file/status.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u64 CHUNK = 64 * 1024;      // what the kernel copies in one entry
constexpr u64 APPEND_CHUNK = 1 << 20; // appended whole
constexpr u64 TRANSFER_MAX = 0x7fff'f000;

static i64 write_error(err_t err)
{
	switch (err) {
	case ERR_QUOTA:
	case ERR_NO_MEMORY: return -ENOSPC;
	case ERR_RANGE: return -EFBIG;
	case ERR_RIGHTS: return -EBADF;
	default: return posix_error(err);
	}
}

i64 contents_read(handle_t memory, u64 offset, u64 address, u64 size)
{
	u64 total = 0, done;
	while (total < size) {
		u64 part = size - total < CHUNK ? size - total : CHUNK;
		span_t to;
		TRY_POSIX(user_span(address + total, part, &to));
		err_t err = memory_read(memory, offset + total, to, &done);
		if (err == ERR_RANGE)
			break; // beyond the end
		if (err != OK)
			return total ? (i64)total : posix_error(err);
		total += done;
		if (done < part)
			break;
	}
	return (i64)total;
}

i64 contents_write(handle_t memory, u64 offset, u64 address, u64 size)
{
	u64 total = 0, done;
	while (total < size) {
		u64 part = size - total < CHUNK ? size - total : CHUNK;
		view_t from;
		TRY_POSIX(user_view(address + total, part, &from));
		err_t err = memory_write(memory, offset + total, from, &done);
		if (err == OK && !done)
			err = ERR_NO_MEMORY;
		if (err != OK)
			return total ? (i64)total : write_error(err);
		total += done;
	}
	return (i64)total;
}

// Each piece goes to the end as it is then. end: of the last one.
static i64 append(
	struct posix_thread *self, handle_t memory, const struct transfer *transfer, u64 *end)
{
	u64 total = 0, done;
	while (total < transfer->size) {
		u64 part = transfer->size - total;
		view_t from;
		part = part < APPEND_CHUNK ? part : APPEND_CHUNK;
		TRY_POSIX(user_view(transfer->address + total, part, &from));
		err_t err = memory_write(memory, MEMORY_APPEND, from, &done);
		if (err != OK)
			return total ? (i64)total : write_error(err);
		total += done;
		*end = self->block.append_end;
	}
	return (i64)total;
}

static void clamp(struct transfer *transfer)
{
	if (transfer->size > TRANSFER_MAX)
		transfer->size = TRANSFER_MAX;
}

static i64 regular_read(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct description *description = file->description;
	(void)self;
	clamp(transfer);
	if (transfer->is_positioned)
		return contents_read(file->handle, transfer->offset, transfer->address, transfer->size);
	bool is_taken = file_offset_take(file);
	u64 offset = description->offset;
	i64 done = contents_read(file->handle, offset, transfer->address, transfer->size);
	if (done > 0)
		description->offset = offset + (u64)done;
	file_offset_give(file, is_taken);
	return done;
}

// By the length of now: others that append at the same time may make it a little more.
static i64 limit_append(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u64 length = 0;
	TRY_POSIX(contents_length(file, &length));
	return size_limit_write(self, length, &transfer->size);
}

static i64 write_at_offset(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	struct description *description = file->description;
	u64 end = description->offset;
	if (file_flags(file) & O_APPEND) {
		TRY_POSIX(limit_append(self, file, transfer));
		i64 done = append(self, file->handle, transfer, &end);
		description->offset = end;
		return done;
	}
	if (end > INT64_MAX - transfer->size)
		return -EFBIG;
	TRY_POSIX(size_limit_write(self, end, &transfer->size));
	i64 done = contents_write(file->handle, end, transfer->address, transfer->size);
	if (done > 0)
		description->offset = end + (u64)done;
	return done;
}

static i64 regular_write(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	u64 unused;
	clamp(transfer);
	if (!transfer->size)
		return 0;
	if (transfer->is_positioned && file_flags(file) & O_APPEND) { // as Linux, against POSIX
		TRY_POSIX(limit_append(self, file, transfer));
		return append(self, file->handle, transfer, &unused);
	}
	if (transfer->is_positioned) {
		TRY_POSIX(size_limit_write(self, transfer->offset, &transfer->size));
		return contents_write(file->handle, transfer->offset, transfer->address, transfer->size);
	}
	bool is_taken = file_offset_take(file);
	i64 done = write_at_offset(self, file, transfer);
	file_offset_give(file, is_taken);
	return done;
}

i64 contents_length(const struct file *file, u64 *out)
{
	const struct description *description = file->description;
	struct memory_info info = {};
	u64 size;
	if (description->kind == FILE_REGULAR) {
		const struct tree_inode *inode = inode_look(description->tree, description->inode);
		u64 length = atomic_load_relaxed(&inode->length);
		if (atomic_load_acquire(&inode->generation) == description->generation) {
			*out = length;
			return 0;
		}
	}
	TRY_ERR(handle_info(file->handle, INFO_TOPIC_MEMORY, span_of(info), &size));
	*out = info.size;
	return 0;
}

static i64 seek_target(const struct file *file, i64 offset, u32 whence, i64 *out)
{
	u64 length = 0;
	i64 base = 0;
	if (whence >= SEEK_END)
		TRY_POSIX(contents_length(file, &length));
	switch (whence) {
	case SEEK_SET: break;
	case SEEK_CUR: base = (i64)file->description->offset; break;
	case SEEK_END: base = (i64)length; break;
	case SEEK_DATA: // without holes that we know of: all is data, the end is a hole
	case SEEK_HOLE:
		if (offset < 0 || (u64)offset >= length)
			return -ENXIO;
		*out = whence == SEEK_DATA ? offset : (i64)length;
		return 0;
	default: return -EINVAL;
	}
	return ckd_add(out, base, offset) ? -EOVERFLOW : 0;
}

static i64 regular_seek(struct posix_thread *self, const struct file *file, i64 offset, u32 whence)
{
	i64 target;
	(void)self;
	bool is_taken = file_offset_take(file);
	i64 error = seek_target(file, offset, whence, &target);
	if (!error && target < 0)
		error = -EINVAL;
	if (!error)
		file->description->offset = (u64)target;
	file_offset_give(file, is_taken);
	return error ? error : target;
}

static i64 regular_resize(struct posix_thread *self, const struct file *file, u64 size)
{
	u64 length = 0, unused;
	TRY_POSIX(contents_length(file, &length));
	TRY_POSIX(size_limit_grow(self, length, size));
	err_t err = memory_control(file->handle, MEMORY_OPERATION_RESIZE, size, 0, &unused);
	return err == OK ? 0 : err == ERR_RIGHTS ? -EINVAL : write_error(err);
}

static i64 regular_stat(struct posix_thread *self, const struct file *file, struct linux_stat *out)
{
	(void)self;
	return status_of_open(file, out);
}

static i64 nothing_to_flush(struct posix_thread *self, const struct file *file)
{
	(void)self;
	(void)file;
	return 0;
}

static i64 regular_map(
	struct posix_thread *self, const struct file *file, u64 *offset, handle_t *out)
{
	(void)self;
	(void)offset;
	*out = file->handle;
	return 0;
}

const struct operations regular_operations = {
	.read = regular_read,
	.write = regular_write,
	.seek = regular_seek,
	.stat = regular_stat,
	.resize = regular_resize,
	.flush = nothing_to_flush,
	.map = regular_map,
};

static i64 memory_write_sealed(
	struct posix_thread *self, const struct file *file, struct transfer *transfer)
{
	TRY_POSIX(seals_allow_write(file, transfer));
	return regular_write(self, file, transfer);
}

static i64 memory_resize_sealed(struct posix_thread *self, const struct file *file, u64 size)
{
	TRY_POSIX(seals_allow_resize(file, size));
	return regular_resize(self, file, size);
}

const struct operations memory_operations = {
	.read = regular_read,
	.write = memory_write_sealed,
	.seek = regular_seek,
	.stat = regular_stat,
	.resize = memory_resize_sealed,
	.flush = nothing_to_flush,
	.map = regular_map,
};
