// SPDX-License-Identifier: MIT
// copy.c - bytes from file to file without the program: sendfile, copy_file_range, splice;
// fallocate.
#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/move.h"
#include "lib/posix/file/path.h"
#include "lib/posix/file/size_limit.h"
#include "lib/posix/file/watch.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "os/syscalls.h"

constexpr u64 CHUNK = 16 * 1024;
constexpr u64 SEND_MAX = 0x7fff'f000; // bytes in one call, as Linux has it

static bool has_contents(const struct file *file)
{
	return file->description->kind == FILE_REGULAR || file->description->kind == FILE_MEMORY;
}

// From one memory object to another; both have their bytes in the kernel's hands only.
static i64 copy_contents(handle_t from, u64 *from_offset, handle_t to, u64 *to_offset, u64 size)
{
	u8 bytes[CHUNK] UNINITIALIZED;
	u64 total = 0, got, put;
	while (total < size) {
		u64 part = size - total < CHUNK ? size - total : CHUNK;
		span_t room = span_clamp(span_of(bytes), 0, part);
		err_t err = memory_read(from, *from_offset, room, &got);
		if (err == ERR_RANGE || (err == OK && !got))
			break;
		if (err == OK)
			err = memory_write(to, *to_offset, view_clamp(span_view(room), 0, got), &put);
		if (err != OK)
			return total ? (i64)total : err == ERR_QUOTA ? -ENOSPC : posix_error(err);
		*from_offset += put;
		*to_offset += put;
		total += put;
		if (got < part)
			break;
	}
	return (i64)total;
}

struct ends {
	struct file from, to;
	u64 from_offset, to_offset;   // where the copy begins
	u64 from_address, to_address; // of the program's variables; 0: the descriptions'
};

static i64 take_offset(const struct file *file, u64 address, u64 *out)
{
	*out = file->description->offset;
	return address ? user_get(*out, address) : 0;
}

static i64 give_offset(const struct file *file, u64 address, u64 offset)
{
	if (address)
		return user_put(address, offset);
	file->description->offset = offset;
	return 0;
}

static i64 copy_ends(struct ends *ends, u64 size)
{
	if (!file_is_readable(&ends->from) || !file_is_writable(&ends->to))
		return -EBADF;
	if (!has_contents(&ends->from) || !has_contents(&ends->to))
		return -EINVAL;
	TRY_POSIX(take_offset(&ends->from, ends->from_address, &ends->from_offset));
	TRY_POSIX(take_offset(&ends->to, ends->to_address, &ends->to_offset));
	if ((i64)ends->from_offset < 0 || (i64)ends->to_offset < 0)
		return -EINVAL;
	if (file_flags(&ends->to) & O_APPEND)
		return -EBADF;
	i64 done = copy_contents(
		ends->from.handle, &ends->from_offset, ends->to.handle, &ends->to_offset, size);
	if (done < 0)
		return done;
	if (done > 0) {
		file_told(&ends->from, IN_ACCESS);
		file_told(&ends->to, IN_MODIFY);
	}
	TRY_POSIX(give_offset(&ends->from, ends->from_address, ends->from_offset));
	TRY_POSIX(give_offset(&ends->to, ends->to_address, ends->to_offset));
	return done;
}

static i64 get_ends(struct posix_thread *self, i32 from, i32 to, struct ends *out)
{
	TRY_POSIX(file_get(self, from, &out->from));
	i64 error = file_get(self, to, &out->to);
	if (error)
		file_put(self, &out->from);
	return error;
}

static void put_ends(struct posix_thread *self, const struct ends *ends)
{
	file_put(self, &ends->from);
	file_put(self, &ends->to);
}

static bool overlap(const struct ends *ends, u64 size)
{
	const struct description *from = ends->from.description, *to = ends->to.description;
	if (!from->inode || from->inode != to->inode || from->tree != to->tree)
		return false;
	return ends->from_offset < ends->to_offset + size && ends->to_offset < ends->from_offset + size;
}

i64 call_copy_file_range(struct posix_thread *self, const struct arguments *arguments)
{
	struct ends ends = { .from_address = ARG(1), .to_address = ARG(3) };
	if (ARG_U32(5))
		return -EINVAL;
	TRY_POSIX(get_ends(self, ARG_INT(0), ARG_INT(2), &ends));
	i64 answer = take_offset(&ends.from, ends.from_address, &ends.from_offset);
	if (!answer)
		answer = take_offset(&ends.to, ends.to_address, &ends.to_offset);
	if (!answer)
		answer = overlap(&ends, ARG(4)) ? -EINVAL : copy_ends(&ends, ARG(4));
	put_ends(self, &ends);
	return answer;
}

// Through a buffer; offsets of the program's move along.
static i64 move(struct posix_thread *self, struct ends *ends, u64 size, bool waits, bool is_whole)
{
	struct moving moving = { .from = ends->from,
		.to = ends->to,
		.from_offset = ends->from_address ? &ends->from_offset : nullptr,
		.to_offset = ends->to_address ? &ends->to_offset : nullptr,
		.size = size,
		.waits = waits,
		.is_whole = is_whole };
	if (!file_is_readable(&ends->from) || !file_is_writable(&ends->to))
		return -EBADF;
	if (!event_move)
		return -EINVAL; // programs fall back to read and write
	TRY_POSIX(take_offset(&ends->from, ends->from_address, &ends->from_offset));
	TRY_POSIX(take_offset(&ends->to, ends->to_address, &ends->to_offset));
	i64 done = event_move(self, &moving);
	if (done < 0)
		return done;
	if (done > 0) {
		file_told(&ends->from, IN_ACCESS);
		file_told(&ends->to, IN_MODIFY);
	}
	if (ends->from_address)
		TRY_POSIX(user_put(ends->from_address, ends->from_offset));
	if (ends->to_address)
		TRY_POSIX(user_put(ends->to_address, ends->to_offset));
	return done;
}

static bool waits(const struct file *file)
{
	return !(file_flags(file) & O_NONBLOCK);
}

static bool is_seekable(const struct file *file)
{
	return operations_of(file)->seek;
}

// The source has to be a file in the narrow sense.
static i64 send(struct posix_thread *self, struct ends *ends, u64 size)
{
	u32 kind = ends->from.description->kind;
	if (has_contents(&ends->from) && has_contents(&ends->to))
		return copy_ends(ends, size);
	if (file_is_writable(&ends->to) && file_flags(&ends->to) & O_APPEND)
		return -EINVAL;
	if (!has_contents(&ends->from) && kind != FILE_SCHEME)
		return file_is_readable(&ends->from) ? -EINVAL : -EBADF;
	bool is_whole = waits(&ends->to) && ends->to.description->kind != FILE_PIPE;
	return move(self, ends, size, waits(&ends->to), is_whole);
}

i64 call_sendfile(struct posix_thread *self, const struct arguments *arguments)
{
	struct ends ends = { .from_address = ARG(2) };
	TRY_POSIX(get_ends(self, ARG_INT(1), ARG_INT(0), &ends));
	i64 answer = send(self, &ends, ARG(3) < SEND_MAX ? ARG(3) : SEND_MAX);
	put_ends(self, &ends);
	return answer;
}

enum splice_flag : u32 { SPLICE_F_NONBLOCK = 2, SPLICE_F_ALL = 15 };

static bool is_pipe(const struct file *file)
{
	return file->description->kind == FILE_PIPE;
}

static i64 splice(struct posix_thread *self, struct ends *ends, u64 size, u32 flags)
{
	const struct file *from = &ends->from, *to = &ends->to;
	bool is_same =
		is_pipe(from) && is_pipe(to) && from->description->inode == to->description->inode;
	if (!file_is_readable(from) || !file_is_writable(to))
		return -EBADF;
	if ((is_pipe(from) && ends->from_address) || (is_pipe(to) && ends->to_address))
		return -ESPIPE;
	if ((!is_pipe(from) && !is_pipe(to)) || is_same || (ends->from_address && !is_seekable(from)) ||
		(ends->to_address && !is_seekable(to)) || (!is_pipe(to) && file_flags(to) & O_APPEND))
		return -EINVAL;
	bool may_wait = !(flags & SPLICE_F_NONBLOCK) && (!is_pipe(from) || waits(from)) &&
	                (!is_pipe(to) || waits(to));
	return move(self, ends, size, may_wait, false);
}

i64 call_splice(struct posix_thread *self, const struct arguments *arguments)
{
	struct ends ends = { .from_address = ARG(1), .to_address = ARG(3) };
	if (!ARG(4))
		return 0;
	if (ARG_U32(5) & ~(u32)SPLICE_F_ALL)
		return -EINVAL;
	TRY_POSIX(get_ends(self, ARG_INT(0), ARG_INT(2), &ends));
	i64 answer = splice(self, &ends, ARG(4), ARG_U32(5));
	put_ends(self, &ends);
	return answer;
}

enum fallocate_mode : u32 {
	FALLOC_KEEP_SIZE = 1,
	FALLOC_PUNCH_HOLE = 2,
	FALLOC_ZERO_RANGE = 16,
};

static i64 write_zeros(handle_t memory, u64 offset, u64 end)
{
	static const u8 zeros[PAGE_SIZE];
	u64 done;
	for (; offset < end; offset += done)
		TRY_ERR(memory_write(memory, offset,
			view_clamp(view_of(zeros), 0, end - offset < PAGE_SIZE ? end - offset : PAGE_SIZE),
			&done));
	return 0;
}

static i64 allocate(
	struct posix_thread *self, const struct file *file, u32 mode, u64 offset, u64 end)
{
	u64 length, unused;
	TRY_POSIX(contents_length(file, &length));
	u64 inside = end < length ? end : length;
	if (mode & (FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE) && offset < inside)
		TRY_POSIX(write_zeros(file->handle, offset, inside));
	if (mode & FALLOC_KEEP_SIZE || end <= length)
		return 0;
	TRY_POSIX(size_limit_grow(self, length, end));
	err_t err = memory_control(file->handle, MEMORY_OPERATION_RESIZE, end, 0, &unused);
	return err == OK ? 0 : err == ERR_RANGE ? -EFBIG : err == ERR_RIGHTS ? -EBADF : -ENOSPC;
}

i64 call_fallocate(struct posix_thread *self, const struct arguments *arguments)
{
	struct file file;
	u32 mode = ARG_U32(1);
	i64 end;
	bool is_hole = mode & FALLOC_PUNCH_HOLE;
	if ((i64)ARG(2) < 0 || (i64)ARG(3) <= 0)
		return -EINVAL;
	if (ckd_add(&end, (i64)ARG(2), (i64)ARG(3)))
		return -EFBIG;
	if (mode & ~(u32)(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE) ||
		(is_hole && !(mode & FALLOC_KEEP_SIZE)))
		return -EOPNOTSUPP;
	TRY_POSIX(file_get(self, ARG_INT(0), &file));
	i64 answer = !has_contents(&file)       ? -ENODEV
	             : !file_is_writable(&file) ? -EBADF
	                                        : allocate(self, &file, mode, ARG(2), (u64)end);
	if (answer >= 0)
		file_told(&file, IN_MODIFY);
	file_put(self, &file);
	return answer;
}
