// SPDX-License-Identifier: MIT
// description.h - an open file description: what dup and fork share. It lies in an arena
// (file/arena.c) at the same address in every process that inherited it. A process can damage only
// offsets and flags of what it has open anyway: contents are behind its own handles.
#pragma once

#include "abi/types.h"
#include "lib/base/view.h"

NONNULL_BEGIN

enum file_kind : u16 {
	FILE_NONE,
	FILE_REGULAR,   // handle: memory, contents; inode, generation: in the table of tree
	FILE_DIRECTORY, // no handle; offset: cookie of getdents
	FILE_PATH,      // O_PATH: no contents
	FILE_NULL,      // /dev/null, zero, full, random by device number
	FILE_PIPE,      // handle: stream end
	FILE_SOCKET,    // handle: stream, both ways
	FILE_TERMINAL,  // handle: connection to tty, file protocol and controls
	FILE_SCHEME,    // handle: connection that speaks the file protocol (ifc/file.ifc)
	FILE_EVENT,     // eventfd, timerfd, signalfd
	FILE_PROCESS,   // pidfd: handle: process; process/pidfd.c: process_operations
	FILE_EPOLL,     // no handle
	FILE_MEMORY,    // memfd: handle: memory, no inode
	FILE_KINDS,
};

// 64 bytes: one line of the cache.
struct description {
	u64 offset;     // atomic; under lock when references > 1
	u32 references; // atomic: descriptors in all processes
	u32 flags;      // atomic: O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH, O_DIRECTORY, O_ASYNC
	u32 lock;       // futex word, shared: f_pos
	u16 kind;       // enum file_kind
	u16 tree;       // which of the namespace's trees the inode is in
	u32 inode, generation;
	u64 detail[2]; // the kind's own
	u64 owner;     // pid and signal of F_SETOWN
	i64 extra;     // the kind's own
};
static_assert(sizeof(struct description) == 64);

NONNULL_END
