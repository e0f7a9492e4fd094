// SPDX-License-Identifier: MIT
// map_file.c - mappings of files. Contents are memory objects (docs/decisions/016): what is shared,
// or private and only read, shows the object itself; what is private and may be written shows a
// copy-on-write clone of it as it is now.
#include "abi/info.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/operations.h"
#include "lib/posix/file/seals.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/memory/map.h"
#include "lib/posix/memory/range.h"

// The pages of [offset, offset + size) that there are; the rest is a bus error, as beyond any file.
static err_t clone_there(handle_t memory, u64 offset, u64 size, handle_t *out)
{
	struct memory_info info = {};
	u64 told;
	err_t err = memory_clone(memory, offset, size, out);
	if (err != ERR_RANGE)
		return err;
	TRY(handle_info(memory, INFO_TOPIC_MEMORY, span_of(info), &told));
	u64 end = align_up(info.size, PAGE_SIZE);
	if (offset >= end)
		return ERR_RANGE;
	return memory_clone(memory, offset, min_u64(size, end - offset), out);
}

err_t map_copy(const struct map_request *request, handle_t memory, u64 offset, u32 flags, u64 *out)
{
	handle_t clone;
	u64 shown = 0;
	err_t err = clone_there(memory, offset, request->size, &clone);
	if (err == ERR_RANGE) { // nothing of it is there: only bus errors
		err = memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &clone);
		shown = PAGE_SIZE;
	}
	TRY(err);
	err = memory_map(HANDLE_NONE, clone, request->address, request->size, shown, flags, out);
	(void)handle_close(clone);
	return err;
}

// Of the same memory, whoever opened it.
static handle_t handle_to_show(const struct map_request *request, const struct area_source *source)
{
	struct area_state *areas = &posix_self()->areas;
	handle_t shown = source->memory;
	posix_lock_take(&areas->lock);
	if (request->type == MAP_PRIVATE)
		shown = source_for_reading(areas, source);
	else
		source_keep(areas, source);
	posix_lock_give(&areas->lock);
	return shown;
}

// Private and to be written: a copy. Else the file's own memory.
static err_t show(const struct map_request *request, const struct area_source *source,
	struct area_shown *part, u64 *out)
{
	if (part->memory.raw)
		return map_copy(request, source->memory, request->offset, map_flags(request), out);
	handle_t shown = handle_to_show(request, source);
	if (!shown.raw)
		return ERR_NO_MEMORY;
	return memory_map(HANDLE_NONE, shown, request->address, request->size, request->offset,
		map_flags(request), out);
}

// Shows it and knows it from then on.
static err_t map_part(const struct map_request *request, const struct area_source *source, u64 *out)
{
	struct area_state *areas = &posix_self()->areas;
	bool is_copy = request->type == MAP_PRIVATE && request->protection & PROT_WRITE;
	struct area_shown *part = shown_new(is_copy ? source->memory : HANDLE_NONE, &source->file);
	if (!part)
		return ERR_NO_MEMORY;
	err_t err = show(request, source, part, out);
	if (err != OK) {
		shown_give(part);
		return err;
	}
	part->start = *out;
	part->end = *out + request->size;
	part->offset = request->offset;
	shown_forget(*out, request->size);
	posix_lock_take(&areas->lock);
	shown_add(areas, part);
	posix_lock_give(&areas->lock);
	return OK;
}

static struct area_file file_of(const struct description *description)
{
	return (struct area_file){ .tree = description->tree,
		.inode = description->inode,
		.generation = description->generation,
		.entry = description->kind == FILE_REGULAR ? (u32)AT(description->detail, 1) : 0 };
}

static i64 map_open_file(
	struct posix_thread *self, const struct file *file, const struct map_request *request)
{
	const struct operations *operations = operations_of(file);
	u32 mode = file->description->flags & O_ACCMODE;
	bool is_private = request->type == MAP_PRIVATE, is_writing = request->protection & PROT_WRITE;
	struct area_source source = { .file = file_of(file->description),
		.is_writable = mode == O_RDWR && seals_allow_shared_writing(file) };
	struct map_request shown = *request;
	u64 address;
	if (file->description->kind == FILE_PATH)
		return -EBADF;
	if (mode == O_WRONLY || (!is_private && is_writing && mode != O_RDWR))
		return -EACCES;
	if (!operations->map)
		return -ENODEV;
	if (!is_private && is_writing && !seals_allow_shared_writing(file))
		return -EPERM;
	TRY_POSIX(operations->map(self, file, &shown.offset, &source.memory));
	if (!source.memory.raw) // /dev/zero
		return map_anonymous(request);
	err_t err = map_part(&shown, &source, &address);
	return err == OK ? (i64)address : map_error(err);
}

i64 map_file(struct posix_thread *self, const struct map_request *request)
{
	struct file file;
	TRY_POSIX(file_get(self, request->file, &file));
	i64 answer = map_open_file(self, &file, request);
	file_put(self, &file);
	return answer;
}
