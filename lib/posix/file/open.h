// SPDX-License-Identifier: MIT
// open.h - opening, for the other files of this folder; and what a terminal's folder provides for
// it.
#pragma once

#include "lib/posix/file/descriptor.h"
#include "lib/posix/file/path.h"

NONNULL_BEGIN

struct open_how {
	u32 flags; // Linux's
	u32 mode;
	u32 walk; // enum walk_flag, beside what flags say
};

// A descriptor for what the program's path leads to; or -errno.
i64 open_at(struct posix_thread *self, i32 directory, u64 user_path, const struct open_how *how);
// The same for a path that was walked.
i64 open_found(struct posix_thread *self, struct path *path, const struct open_how *how);
// A new description of what a descriptor has open (/proc/self/fd/N).
i64 file_reopen(struct posix_thread *self, i32 number, u32 flags);
// The contents of a regular file that path came to, checked by its server. Flags are open's, or
// OPEN_TO_EXECUTE: for who may execute the file, even if not read it.
constexpr u32 OPEN_TO_EXECUTE = 040; // FMODE_EXEC
i64 contents_open(
	const struct path *path, const struct tree_inode *inode, u32 flags, handle_t *out);
// Makes path's last name. open: 0, or open flags + 1 for contents.
struct making {
	u32 mode, device, open;
	view_t text; // of a link
};
struct made {
	u32 inode, generation;
	handle_t contents;
};
i64 tree_make_at(struct posix_thread *self, const struct path *path, const struct making *making,
	struct made *out);

// New credentials: the root file system hears of us through this connection, taken (process/
// calls).
void process_files_changed(handle_t connection);
void process_privileges_lost(void);

// terminal/: fills kind, handle, flags and details for a terminal's device number. -ENXIO: none.
[[gnu::weak]] i64 terminal_open(struct posix_thread *self, const struct path *path,
	const struct tree_inode *inode, struct opening *opening);
// event/: the same for a FIFO.
[[gnu::weak]] i64 fifo_open(
	struct posix_thread *self, const struct path *path, struct opening *opening);

NONNULL_END
