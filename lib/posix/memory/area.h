// SPDX-License-Identifier: MIT
// area.h - the program's address space as the library keeps it: the break, and what the kernel
// does not tell of a mapping: which file it shows, and a handle to show it again. servers/proc
// reads it out of the process for /proc/PID/maps, and believes none of it.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

struct exec_record; // exec/exec.h
struct exec_space;
struct attachment;   // ipc/segment.c
struct area_growing; // grows.c

// A regular file: where the tables of its server have it (lib/tree). inode 0: none.
struct area_file {
	u32 tree, inode, generation; // tree: the mount
	u32 entry;                   // the name it was found by; 0: not known
};

// Memory that the program has mapped and may want again: a file that is shown read-only, of which
// mprotect makes a private copy; what is shared, for mremap.
struct area_source {
	handle_t memory; // owned; HANDLE_NONE: a free place
	struct area_file file;
	bool is_writable; // shared: the handle has WRITE
	u64 memory_id;    // the kernel's; 0: not asked yet
};

// What of a file lies where: shown.c.
struct area_shown {
	struct area_shown *_Nullable next;
	u64 start, end, offset; // offset: in the file, of start
	handle_t memory;        // owned; the file's, of a private copy that may be written; else none
	struct area_file file;
};

// What the program has locked: locked.c.
struct area_locked {
	struct area_locked *_Nullable next;
	u64 start, end;
};

// The program or its loader, as exec mapped it.
struct area_program {
	u64 low, end;
	u64 data, data_offset; // the last segment that is a copy, and where it is in the file
	struct area_file file;
};

struct area_state {
	struct posix_lock lock;
	u64 break_start, break_end; // [start, end): set by exec, moved by brk
	u64 break_mapped;           // pages up to here are there
	u64 stack_low, stack_top;
	struct area_program program, loader;
	u64 vdso;
	struct area_source *_Nullable sources;    // owned
	u32 source_count;                         // of places
	struct area_shown *_Nullable shown;       // owned
	struct area_locked *_Nullable locked;     // owned; parts do not overlap
	u64 locked_size;                          // bytes of them all
	u32 locks_coming;                         // MCL_FUTURE, or 0
	struct area_growing *_Nullable growing;   // owned; grows.c
	u32 barriers;                             // atomic: thread/barrier.c: what is registered
	u64 random;                               // exec/random.c: where the processor has none
	struct attachment *_Nullable attachments; // owned; of System V shared memory
	struct exec_record *_Nullable starting;   // exec/: while the new program is not yet begun
};

// exec: what the fresh space holds.
void areas_start(struct area_state *areas, const struct exec_space *space);

NONNULL_END
