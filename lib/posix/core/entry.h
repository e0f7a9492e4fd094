// SPDX-License-Identifier: MIT
// entry.h - between the assembly of the way in and out, and C.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// Labels of entry.S: where the kernel and native programs come in.
extern const u8 posix_entry[], posix_entry_native[], posix_upcall[];

void posix_begin(struct posix_thread *self); // a thread's first steps
// What to call for self->number: traced, or there is no such call.
posix_call *posix_call_slowly(struct posix_thread *self);
// On the way out when something is to be done: signals, calls that are made again (signal/).
void posix_leave(struct posix_thread *self);
// Leaves for a program that has just come in the place of another, with a stack protector's word of
// its own (entry.S): what was on the library's stack is gone.
[[noreturn]] void posix_leave_fresh(u64 guard);
// The program was interrupted: self->interruption says by what (signal/).
void posix_interrupted(struct posix_thread *self);
// Calls whose thread or process begins with all of the caller's registers: entry.S has call_fork
// and so on, which store them and go on here.
posix_call fork_call, vfork_call, clone_call, clone3_call;
// There was no memory for a page that the library touched, its own or the program's; the frame
// still stands in the block. True: it can be tried again.
bool posix_memory_short(struct posix_thread *self);
// A fault in the library itself; the frame still stands in the block.
[[noreturn]] void posix_library_fault(struct posix_thread *self);

// The program's FS base; FSGSBASE is on whenever the kernel is.
static inline void fs_base_write(u64 base)
{
	__asm__ volatile("wrfsbase %0" ::"r"(base));
}
static inline u64 fs_base_read(void)
{
	u64 base;
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

NONNULL_END
