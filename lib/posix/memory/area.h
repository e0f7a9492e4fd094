// SPDX-License-Identifier: MIT
// area.h - the program's address space as the library keeps it: the break, and what the kernel
// does not tell of a mapping: which file it shows, and a handle to show it again.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

struct exec_record; // exec/exec.h
struct exec_space;
struct attachment; // ipc/segment.c

// Memory that the program has mapped and may want again: a file that is shown read-only, of which
// mprotect makes a private copy; what is shared, for mremap.
struct area_source {
	handle_t memory;             // owned; HANDLE_NONE: a free place
	u32 tree, inode, generation; // of the file; inode 0: none
	bool is_writable;            // shared: the handle has WRITE
	u64 memory_id;               // the kernel's; 0: not asked yet
};

// A private copy of a file that may be written: copies.c.
struct area_copy {
	struct area_copy *_Nullable next;
	u64 start, end, offset; // offset: in memory, of start
	handle_t memory;        // owned; the file's
};

struct area_state {
	struct posix_lock lock;
	u64 break_start, break_end; // [start, end): set by exec, moved by brk
	u64 break_mapped;           // pages up to here are there
	u64 stack_low, stack_top;
	u64 program_low, program_end; // the program itself
	u64 vdso;
	struct area_source *_Nullable sources;    // owned
	u32 source_count;                         // of places
	struct area_copy *_Nullable copies;       // owned
	u32 locked;                               // atomic: flags of mlockall
	u64 random;                               // exec/random.c: where the processor has none
	struct attachment *_Nullable attachments; // owned; of System V shared memory
	struct exec_record *_Nullable starting;   // exec/: while the new program is not yet begun
};

// exec: what the fresh space holds.
void areas_start(struct area_state *areas, const struct exec_space *space);

NONNULL_END
