// SPDX-License-Identifier: MIT
// descriptor.h - the table of descriptors, for the files of this folder; operations.h is for
// others.
#pragma once

#include "lib/posix/file/arena.h"
#include "lib/posix/file/file.h"

NONNULL_BEGIN

// In struct file.flags: file_get took a reference, because other threads may close the descriptor.
constexpr u32 FILE_PINNED = 1u << 31;

i64 descriptor_close(struct posix_thread *self, i32 number);
// A second descriptor for the same description: the lowest free number from `from` on, or exactly
// `to` (-1: not), whose former meaning is closed. Its number, -EBADF, -EMFILE.
i64 descriptor_copy(struct posix_thread *self, i32 number, i32 from, u32 flags);
i64 descriptor_copy_to(struct posix_thread *self, i32 number, i32 to, u32 flags);
i64 descriptor_flags(i32 number, u32 *flags);
i64 descriptor_set_flags(i32 number, u32 flags);
// Closes, or marks, all from first to last.
void descriptors_close_range(struct posix_thread *self, u32 first, u32 last, bool only_mark);
// An entry of the table, under the lock. Null: it is not so long.
struct descriptor *_Nullable entry_at(u32 number);
u32 descriptors_count(void); // above the highest in use
u32 descriptor_limit(void);

// Makes a description of this kind and a descriptor for it; takes the handle, also on failure.
struct opening {
	enum file_kind kind;
	u32 flags; // of open: O_CLOEXEC is the descriptor's
	handle_t handle;
	u16 tree;
	u32 inode, generation;
	u64 detail[2];
};
i64 descriptor_open(struct posix_thread *self, const struct opening *opening);

// Flags of a description: those that fcntl can change may change under us.
static inline u32 file_flags(const struct file *file)
{
	return atomic_load_relaxed(&file->description->flags);
}
static inline bool file_is_readable(const struct file *file)
{
	u32 flags = file_flags(file);
	return (flags & 3) != 1 && !(flags & 010000000);
}
static inline bool file_is_writable(const struct file *file)
{
	u32 flags = file_flags(file);
	return (flags & 3) != 0 && !(flags & 010000000);
}
// Around the use of the offset, when others may have it too.
bool file_offset_take(const struct file *file); // what give is told
void file_offset_give(const struct file *file, bool is_taken);

NONNULL_END
