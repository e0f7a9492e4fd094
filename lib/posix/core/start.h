// SPDX-License-Identifier: MIT
// start.h - how a POSIX process comes to be. The library's image is one flat piece of memory (boot
// image: /lib/posix), which begins with struct posix_image. Whoever makes a process (cmd/birth,
// exec, fork's relatives, tests) maps it at POSIX_IMAGE to be read and run, fills struct posix at
// PROCESS_AREA and a struct posix_thread in slot 0, both in one memory, and starts a thread
//   entry: image.start   stack: thread_stack_top(slot)   argument and block: the posix_thread
// or gives these to process_replace. Portable code: native programs use it for what they map.
#pragma once

#include "lib/posix/core/posix.h"

NONNULL_BEGIN

constexpr u64 POSIX_IMAGE_MAGIC = 0x3130'7869'736f'70ull; // "posix01"

// All addresses are absolute.
struct posix_image {
	u64 magic;
	u64 constants; // from here to the end; before it: code
	u64 end;
	u64 start;  // where threads begin
	u64 entry;  // foreign calls (process_control set_reflection, by the library itself)
	u64 native; // thread_block.user[USER_ENTRY]
	u64 upcall; // thread_block.entry
	u64 reserved;
};

extern const struct posix_image posix_image; // in the library: its own

// The page at the slot's start is a guard: reserved, without memory.
static inline u64 thread_slot_start(u32 slot)
{
	return slot ? THREAD_AREA + (THREAD_SLOTS - 1 - slot) * THREAD_SLOT_SIZE
	            : PROCESS_AREA - THREAD_SLOT_SIZE;
}
static inline u64 thread_address(u32 slot)
{
	return thread_slot_start(slot) + THREAD_OFFSET;
}
// The memory of slot 0 and of the process area: a process begins with one mapping less.
constexpr u64 PRIVATE_AREA = PROCESS_AREA - THREAD_SLOT_SIZE + PAGE_SIZE;
constexpr u64 PRIVATE_SIZE = PROCESS_AREA + PROCESS_AREA_SIZE - PRIVATE_AREA;
static inline u64 thread_stack_top(u32 slot)
{
	return thread_address(slot);
}

// A stack protector's word out of a random one: its lowest byte ends texts that run over.
static inline u64 guard_of(u64 random)
{
	return random & ~0xffull;
}

// Makes a zeroed struct posix_thread ready to begin in its slot. Its program starts at entry with
// this stack pointer; other registers are zero. begin: see below. tid, mask, fs_base: set after it.
void thread_prepare(
	struct posix_thread *thread, const struct posix_image *image, u32 slot, const u64 random[2]);

// The calling thread, of whose program nothing is left, as the first of another one in the same
// space: what is not the kernel's becomes as thread_prepare would have it, but the mask, what is
// pending, and the stack protector's word, which is in use (posix_leave_fresh).
void thread_renew(struct posix_thread *self, u64 entry, u64 stack);

// What the library does first in a thread:
// BEGIN_THREAD   goes to the program with thread->registers (clone; native tests)
// BEGIN_PROGRAM  the same after exec: what is left of the old program is cleaned up first
//                (exec/: program_begun)
// BEGIN_FIRST    first process: exec/ starts a program by what stands in struct posix
//                (exec/: program_first)
// BEGIN_BORROWED vfork's child, in the memory of its parent (process/vfork.c: vfork_begun)
void program_begun(struct posix_thread *self);
void program_first(struct posix_thread *self);
void vfork_begun(struct posix_thread *self);
// BEGIN_FIRST, before calls are reflected: until the native thread that made us is gone.
void program_first_wait(void);

NONNULL_END
