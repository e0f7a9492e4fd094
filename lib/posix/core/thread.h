// SPDX-License-Identifier: MIT
// thread.h - a thread of the program, as the library sees it. GS base is its address: the thread
// block is its first part. It lies at the end of its slot in THREAD_AREA; below it the library's
// stack for this thread, which begins in the same page, below that a guard. entry.S knows the
// offsets.
#pragma once

#include "abi/thread.h"
#include "lib/base/list.h"
#include "lib/posix/core/call.h"
#include "lib/posix/linux/signal.h"

NONNULL_BEGIN

constexpr u64 THREAD_AREA = 0xffff'8000'0008'0000; // but slot 0 (start.h); slot 1 is the highest
constexpr u64 THREAD_SLOT_SIZE = 64 * 1024;        // guard, stack, struct posix_thread
constexpr u32 THREAD_SLOTS = 4096;
constexpr u64 THREAD_ROOM = 2048;                             // for struct posix_thread
constexpr u64 THREAD_OFFSET = THREAD_SLOT_SIZE - THREAD_ROOM; // of it in its slot

constexpr u64 MASK_ALL = UINT64_MAX;

// The program's registers while the library runs. The six arguments of a call come first, in their
// order. All other registers are never touched.
struct posix_registers {
	struct arguments arguments; // rdi rsi rdx r10 r8 r9
	u64 rax, rbx, rbp, r11, r12, r13, r14, r15, rcx;
	u64 rip, cs, rflags, rsp, ss;
};

enum register_argument : u8 { RDI, RSI, RDX, R10, R8, R9 };
#define REGISTER(registers, n) AT((registers)->arguments.raw, n)

// Why the way out has to be the long one; enum is bits of posix_thread.slow.
enum slow : u32 {
	SLOW_REGISTERS = 1, // registers were changed: restore all of them, rax is set too
	SLOW_TRACE = 2,     // somebody watches
	SLOW_SIGNALS = 4,   // look for signals: one of the shared ones, or the mask was changed
};

// How a thread begins (core/start.h).
enum begin : u32 { BEGIN_THREAD, BEGIN_PROGRAM, BEGIN_FIRST, BEGIN_BORROWED, BEGIN_KINDS };

// A fault or a notification that interrupted the program.
struct interruption {
	u64 cause, address, detail; // as struct upcall_frame
};

// An alternate signal stack, as the program gave it.
struct signal_stack {
	u64 address, size;
	u32 flags;
};

// A relative timeout becomes an absolute one once; a call that is made again goes on with it.
struct restart {
	u64 deadline, number;
	bool is_again;
};

struct trace_line; // core/trace.h

struct posix_thread {
	struct thread_block block;
	alignas(THREAD_BLOCK_SIZE) struct posix_registers registers;
	u64 leave_mask; // blocked while the program runs (signal/mask.c)
	u64 open_mask;  // blocked while a wait is under way; MASK_ALL: it is not to be interrupted
	u64 number;     // of the call; UINT64_MAX: none, an upcall came
	u64 stack_top;  // of the library's stack
	u32 slow;       // enum slow
	u32 reserved2;
	u64 scratch[4];
	struct interruption interruption;
	u64 upcall_stack[96]; // in the page that the kernel has pinned: always there
	// The rest is not known to entry.S.
	u64 mask;       // the program's signal mask
	u64 directed;   // atomic: pending signals meant for this thread alone (tgkill)
	u64 saved_mask; // the mask to go back to after sigsuspend and the like
	bool has_saved_mask;
	u32 begin; // enum begin
	i32 id;    // Linux's tid
	u32 slot;
	handle_t handle; // owned; the kernel's thread
	u64 fs_base;     // what it begins with
	u64 own_buffer,
		own_buffer_size; // of the library's, passed as if it were the program's (user.c)
	u64 clear_child_tid;
	u64 set_tid;  // a word that gets the id when it begins; 0: none
	u32 go;       // atomic, futex: 0 not yet, 1 it may begin, 2 it waits for that
	u64 affinity; // mask of processors; 0: all
	u64 robust_list;
	u64 futex_address, futex_target; // atomic: of the wait under way (thread/futex.h); 0: none
	struct signal_stack signal_stack;
	struct restart restart;
	u32 services;                        // calls of services made, for traces
	u64 service_deadline;                // of calls of services; 0: none
	struct trace_line *_Nullable traced; // owned, on the heap: the call under way
	u32 policy;                          // as the program set it: thread/policy.c
	u32 policy_priority;
	char name[16];
	bool has_forced;
	struct linux_siginfo forced;               // a signal that is delivered first of all
	u64 trap_number, trap_error, trap_address; // of the last fault, for signal frames
	u64 short_address, short_since;            // of a fault for want of memory; 0: none
	struct list_node node;                     // in core_state.threads
};
static_assert(offsetof(struct posix_thread, registers) == THREAD_BLOCK_SIZE);
static_assert(sizeof(struct posix_thread) <= THREAD_ROOM);

// Where in thread_block.user things stand that code outside the library reaches through GS.
enum thread_user : u8 {
	USER_ENTRY, // *%gs:248: the entrance of native programs (core/start.h)
	USER_GUARD, // %gs:256: stack protector
};
constexpr u32 GS_ENTRY = offsetof(struct thread_block, user) + 8 * USER_ENTRY;
constexpr u32 GS_GUARD = offsetof(struct thread_block, user) + 8 * USER_GUARD;
static_assert(GS_ENTRY == 248 && GS_GUARD == 256);

ALWAYS_INLINE struct posix_thread *thread_self(void)
{
	struct posix_thread *self;
	__asm__("movq %%gs:%c1, %0" : "=r"(self) : "i"(offsetof(struct thread_block, self)));
	return self;
}

NONNULL_END
