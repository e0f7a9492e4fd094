// SPDX-License-Identifier: MIT
// open.h - what exec needs of files: one function, which file/ provides.
#pragma once

#include "lib/posix/core/call.h"

NONNULL_BEGIN

constexpr u64 EXEC_PATH_MAX = 4096; // with its zero
constexpr i32 EXEC_HERE = -100;     // AT_FDCWD

// A file that may be executed.
struct exec_file {
	handle_t memory;       // owned by whoever asked: its contents, READ EXEC MAP
	u64 size;              // bytes
	u32 mode, user, group; // Linux's st_mode; set-id bits are 0 where they do not count
	u32 tree, inode, generation;
	u32 entry;       // the name it was found by; 0: not known
	bool is_closing; // the descriptor that path began at is closed by exec
	span_t room;     // of whoever asked, for the path; empty: not wanted
	u64 path_size;   // absolute, without a zero, as much as there is room for
};

enum exec_open_flags : u32 {
	EXEC_OPEN_EMPTY_PATH = 0x1000, // AT_EMPTY_PATH
	EXEC_OPEN_NO_FOLLOW = 0x100,   // AT_SYMLINK_NOFOLLOW
};

// Opens what path leads to from a directory (a descriptor, or AT_FDCWD). 0, or -errno: ENOENT,
// EACCES for what is no regular file or has no x bit for us, ELOOP, ENOTDIR, ENAMETOOLONG, ...
i64 exec_open(
	struct posix_thread *self, i32 directory, view_t path, u32 flags, struct exec_file *out);

NONNULL_END
