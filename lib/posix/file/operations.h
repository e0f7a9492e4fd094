// SPDX-License-Identifier: MIT
// operations.h - what each kind of open file does; one table a kind (regular.c, pipe.c, ...),
// found by description->kind. A missing entry answers what Linux answers for such a file.
#pragma once

#include "lib/posix/core/call.h"
#include "lib/posix/file/description.h"
#include "lib/posix/linux/stat.h"

NONNULL_BEGIN

// An entry of the table of descriptors, as a copy: it stays good while the call runs, although
// another thread closes the descriptor (the handle is then closed by whoever is last).
struct file {
	struct description *description; // in an arena
	handle_t handle;                 // in this process's handle table; HANDLE_NONE for some kinds
	u32 flags;                       // enum descriptor_flag
	i32 number;
};

enum descriptor_flag : u32 { DESCRIPTOR_CLOEXEC = 1 };

// Where the bytes are: the program's memory, checked to be in the lower half.
struct transfer {
	u64 address, size;
	u64 offset;         // for kinds that can seek
	bool is_positioned; // pread, pwrite: offset is given, the description's stays
};

struct operations {
	// Bytes moved, or -errno; waits as the description's O_NONBLOCK says.
	i64 (*_Nullable read)(struct posix_thread *, const struct file *, struct transfer *);
	i64 (*_Nullable write)(struct posix_thread *, const struct file *, struct transfer *);
	i64 (*_Nullable seek)(struct posix_thread *, const struct file *, i64 offset, u32 whence);
	i64 (*_Nullable stat)(struct posix_thread *, const struct file *, struct linux_stat *out);
	i64 (*_Nullable control)(struct posix_thread *, const struct file *, u32 request, u64 argument);
	i64 (*_Nullable list)(struct posix_thread *, const struct file *, u64 address, u64 size);
	i64 (*_Nullable resize)(struct posix_thread *, const struct file *, u64 size);
	i64 (*_Nullable flush)(struct posix_thread *, const struct file *);
	// POLLIN, POLLOUT, POLLHUP ... that hold now, without waiting.
	u32 (*_Nullable ready)(struct posix_thread *, const struct file *);
	// What to wait on for them: a handle and its event bits. 0 bits: always ready.
	u32 (*_Nullable watch)(const struct file *, u32 poll_events, handle_t *out);
	// The memory to map, and where in it: its handle stays the file's.
	i64 (*_Nullable map)(struct posix_thread *, const struct file *, u64 *offset, handle_t *out);
	// A descriptor goes; there may be others of this description.
	void (*_Nullable drop)(const struct file *);
	// The last descriptor of this process goes, and no call uses it; is_last: of all processes.
	void (*_Nullable close)(struct posix_thread *, const struct file *, bool is_last);
};

const struct operations *operations_of(const struct file *file);
// A copy of a descriptor's entry, pinned until file_put. -EBADF.
i64 file_get(struct posix_thread *self, i32 number, struct file *out);
void file_put(struct posix_thread *self, const struct file *file);
// A new description of a kind in this process's own arena; -ENFILE.
i64 description_create(enum file_kind kind, u32 flags, struct description *_Nullable *_Nonnull out);
// The lowest free number at least `from`; takes the handle and the description's reference, also on
// failure. The number, or -EMFILE.
// Closes a descriptor. -EBADF.
i64 descriptor_close(struct posix_thread *self, i32 number);
i64 descriptor_install(struct posix_thread *self, struct description *description, handle_t handle,
	u32 flags, i32 from);

NONNULL_END
