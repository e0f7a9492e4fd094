// SPDX-License-Identifier: MIT
// mmap.c - mmap and munmap. Anonymous memory is an object of its own for each mapping, without a
// handle: what unmaps it frees it. Private mappings of files that may be written are copy-on-write
// clones, others show the file's own memory.
#include "lib/posix/core/calls.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/range.h"

err_t map_zeros(u64 address, u64 size, u32 flags, u64 *out)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(HANDLE_NONE, memory, address, size, 0, flags, out);
	(void)handle_close(memory);
	return err;
}

i64 map_error(err_t err)
{
	switch ((i32)err) {
	case ERR_EXISTS: return -EEXIST;
	case ERR_RIGHTS: return -EACCES;
	default: return -ENOMEM;
	}
}

u32 map_flags(const struct map_request *request)
{
	u32 flags = access_of(request->protection);
	if (request->flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FLAGS_FIXED;
	else if (request->flags & MAP_FIXED)
		flags |= MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE;
	return flags | (request->type == MAP_PRIVATE ? 0 : MAP_FLAGS_SHARED);
}

// As Linux does: as far as it goes. The first touch of each page still faults, but finds it.
static void populate(handle_t memory, const struct map_request *request)
{
	constexpr u64 LIMIT = 4 * 1024 * 1024;
	u64 ignored;
	if (request->flags & (MAP_POPULATE | MAP_LOCKED))
		(void)memory_control(
			memory, MEMORY_OPERATION_COMMIT, 0, min_u64(request->size, LIMIT), &ignored);
}

static err_t map_private_zeros(const struct map_request *request, u64 *out)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, request->size, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(
		HANDLE_NONE, memory, request->address, request->size, 0, map_flags(request), out);
	if (err == OK)
		populate(memory, request);
	(void)handle_close(memory);
	return err;
}

// Shared memory without a file: its handle is kept, so that it can be shown again (mremap).
static err_t map_shared_zeros(const struct map_request *request, u64 *out)
{
	struct area_state *areas = &posix_self()->areas;
	struct area_source source = { .is_writable = true };
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, request->size, HANDLE_NONE, 0, 0, &source.memory));
	err_t err = memory_map(
		HANDLE_NONE, source.memory, request->address, request->size, 0, map_flags(request), out);
	if (err == OK) {
		populate(source.memory, request);
		posix_lock_take(&areas->lock);
		source_keep(areas, &source);
		posix_lock_give(&areas->lock);
	}
	(void)handle_close(source.memory);
	return err;
}

i64 map_anonymous(const struct map_request *request)
{
	u64 address;
	err_t err = request->type == MAP_PRIVATE ? map_private_zeros(request, &address)
	                                         : map_shared_zeros(request, &address);
	if (err == OK)
		shown_forget(address, request->size);
	return err == OK ? (i64)address : map_error(err);
}

static i64 check(struct map_request *request)
{
	u32 type = request->flags & MAP_TYPE;
	bool is_fixed = request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	if (!request->size || !is_aligned(request->offset, PAGE_SIZE))
		return -EINVAL;
	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	request->type = type == MAP_SHARED_VALIDATE ? MAP_SHARED : type;
	if (!size_to_pages(&request->size) || request->flags & MAP_HUGETLB)
		return -ENOMEM;
	if (!is_fixed) {
		request->address = align_down(request->address, PAGE_SIZE);
		bool is_usable =
			request->address >= RANGE_LOW && range_is_good(request->address, request->size);
		request->address = is_usable ? request->address : 0;
		return 0;
	}
	if (!is_aligned(request->address, PAGE_SIZE))
		return -EINVAL;
	if (!range_is_good(request->address, request->size))
		return -ENOMEM;
	return request->address < RANGE_LOW ? -EPERM : 0;
}

// Of what is wrong with it, a bad descriptor comes first.
static i64 refuse(struct posix_thread *self, const struct map_request *request, i64 error)
{
	struct file file;
	if (request->flags & MAP_ANONYMOUS || !is_aligned(request->offset, PAGE_SIZE))
		return error;
	TRY_POSIX(file_get(self, request->file, &file));
	file_put(self, &file);
	return error;
}

i64 call_mmap(struct posix_thread *self, const struct arguments *arguments)
{
	struct map_request request = { .address = ARG(0),
		.size = ARG(1),
		.protection = ARG_U32(2),
		.flags = ARG_U32(3),
		.file = ARG_INT(4),
		.offset = ARG(5) };
	i64 error = check(&request);
	if (!error)
		error = locked_check(request.size, request.flags);
	if (error)
		return refuse(self, &request, error);
	if (request.flags & MAP_FIXED && shown_cut(request.address, request.size) != OK)
		return -ENOMEM;
	i64 address =
		request.flags & MAP_ANONYMOUS ? map_anonymous(&request) : map_file(self, &request);
	if (address > 0)
		locked_map((u64)address, request.size, request.flags);
	constexpr u32 growing = MAP_GROWSDOWN | MAP_ANONYMOUS;
	if (address > 0 && (request.flags & growing) == growing && request.type == MAP_PRIVATE)
		grows_map((u64)address, request.size, access_of(request.protection));
	return address;
}

i64 call_munmap(struct posix_thread *self, const struct arguments *arguments)
{
	u64 address = ARG(0), size = ARG(1);
	(void)self;
	if (!size || !size_to_pages(&size) || !range_is_good(address, size))
		return -EINVAL;
	u64 start = max_u64(address, RANGE_LOW), end = address + size;
	if (start >= end)
		return 0;
	if (shown_cut(start, end - start) != OK)
		return -ENOMEM;
	shown_forget(start, end - start);
	return memory_unmap(HANDLE_NONE, start, end - start) == OK ? 0 : -ENOMEM;
}
