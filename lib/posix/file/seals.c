// SPDX-License-Identifier: MIT
// seals.c - see seals.h: and memfd_create.
#include "lib/posix/file/seals.h"

#include "lib/base/checked.h"
#include "lib/posix/core/calls.h"
#include "lib/posix/core/user.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/file/contents.h"
#include "lib/posix/file/descriptor.h"
#include "lib/posix/linux/errno.h"
#include "lib/posix/linux/fcntl.h"
#include "lib/posix/memory/mappings.h"
#include "os/syscalls.h"

constexpr u32 MEMFD_NAME_MAX = 250;
enum memfd_flag : u32 { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4 };

static u64 *seals_of(const struct file *file)
{
	return &AT(file->description->detail, 1);
}

i64 seals_allow_write(const struct file *file, const struct transfer *transfer)
{
	u64 seals = atomic_load_relaxed(seals_of(file)), length, end;
	u64 offset = transfer->is_positioned ? transfer->offset : file->description->offset;
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(seals & F_SEAL_GROW))
		return 0;
	TRY_POSIX(contents_length(file, &length));
	return ckd_add(&end, offset, transfer->size) || end > length ? -EPERM : 0;
}

i64 seals_allow_resize(const struct file *file, u64 size)
{
	u64 seals = atomic_load_relaxed(seals_of(file)), length;
	TRY_POSIX(contents_length(file, &length));
	if ((seals & F_SEAL_SHRINK && size < length) || (seals & F_SEAL_GROW && size > length))
		return -EPERM;
	return 0;
}

bool seals_allow_shared_writing(const struct file *file)
{
	u64 seals = atomic_load_relaxed(seals_of(file));
	return file->description->kind != FILE_MEMORY ||
	       !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

// Is it mapped here, shared and to be written? Other processes' mappings are not seen.
static bool is_shown_to_write(const struct file *file)
{
	struct mappings mappings;
	struct object_info info = {};
	u64 size;
	bool is_shown = false;
	if (handle_info(file->handle, INFO_TOPIC_OBJECT, span_of(info), &size) != OK ||
		!mappings_read(&mappings))
		return false;
	for (usize i = 0; i < mappings.count; i++) {
		const struct mapping_info *mapping = mappings_at(&mappings, i);
		constexpr u32 BOTH = MAP_FLAGS_WRITE | MAP_FLAGS_SHARED;
		is_shown |= mapping->memory_id == info.id && (mapping->flags & BOTH) == BOTH;
	}
	mappings_free(&mappings);
	return is_shown;
}

i64 seals_add(const struct file *file, u32 seals)
{
	if (file->description->kind != FILE_MEMORY || seals & ~SEALS_ALL)
		return -EINVAL;
	if (!file_is_writable(file) || atomic_load_relaxed(seals_of(file)) & F_SEAL_SEAL)
		return -EPERM;
	if (seals & F_SEAL_WRITE && is_shown_to_write(file))
		return -EBUSY;
	atomic_or_relaxed(seals_of(file), (u64)seals);
	return 0;
}

i64 seals_get(const struct file *file)
{
	u64 seals = atomic_load_relaxed(seals_of(file));
	if (file->description->kind != FILE_MEMORY)
		return -EINVAL;
	return seals & SEALS_UNPROVEN ? F_SEAL_SEAL : (i64)seals;
}

i64 call_memfd_create(struct posix_thread *self, const struct arguments *arguments)
{
	u8 name[MEMFD_NAME_MAX];
	u32 flags = ARG_U32(1);
	if (flags & ~(u32)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	i64 size = user_copy_string(span_of(name), ARG(0));
	if (size < 0)
		return size == -ENAMETOOLONG ? -EINVAL : size;
	struct opening opening = { .kind = FILE_MEMORY,
		.flags = O_RDWR | O_LARGEFILE | (flags & MFD_CLOEXEC ? (u32)O_CLOEXEC : 0),
		.detail = { S_IFREG | 0777, flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL } };
	TRY_ERR(memory_create(MEMORY_KIND_ANONYMOUS, 0, HANDLE_NONE, 0, 0, &opening.handle));
	return descriptor_open(self, &opening);
}
