// SPDX-License-Identifier: MIT
// thread.h - the thread block: a thread's page of memory that it shares with the kernel. It is
// pinned when the thread is made, so that the kernel reads and writes it without a fault. GS base
// of a thread is its block's address. The kernel believes nothing it reads here.
#pragma once

#include "abi/message.h"
#include "abi/types.h"

// How the program was interrupted: everything that the kernel overwrites to enter the upcall.
// All other registers are as the program left them.
// The frame is in use while cause is not 0. The kernel fills it, sets thread_block.blocked to all
// ones and enters; the program copies what it needs, stores 0 in cause, and only then may lower
// blocked (to the value in the frame). After lowering it, it looks at pending: bits that came in
// between are delivered by thread_notify(own thread, 0).
// A fault enters even when all is blocked, but never into a frame in use: that ends the process.
struct upcall_frame {
	u64 instruction; // where it was
	u64 stack;
	u64 flags;
	u64 cause;   // enum upcall_cause
	u64 address; // faulting address, foreign system call: its return address
	u64 detail;  // exception: error code; notification: the bits delivered
	u64 blocked; // thread_block.blocked as it was
};

enum upcall_cause : u64 {
	UPCALL_NOTIFICATION = 1,
	UPCALL_PAGE_FAULT = 2, // no mapping or not allowed: address; detail = enum fault_detail bits
	UPCALL_BUS_ERROR = 3,  // mapped, but the pages cannot be had (beyond the end, pager failed)
	UPCALL_ILLEGAL = 4,    // undefined instruction
	UPCALL_ARITHMETIC = 5, // division; detail = vector
	UPCALL_FLOAT = 6,      // x87 or SIMD exception
	UPCALL_BREAKPOINT = 7, // int3, single step; detail = vector
	UPCALL_PROTECTION = 8, // general protection, alignment, stack segment: detail = error code
};

enum fault_detail : u32 {
	FAULT_WRITE = 1,
	FAULT_EXEC = 2,
	FAULT_PRESENT = 4,     // mapped, but not for this kind of access
	FAULT_REASON = 1 << 8, // bus error: so many times why, an err_t without its sign
};

// 512 bytes, 512-aligned, so within one page.
struct thread_block {
	u64 self;    // its own address, written by the kernel
	u64 blocked; // notification n is held back while bit n is set. All upcalls but faults
	u64 pending; // notifications held back; the kernel sets bits, the program clears them
	u64 entry;   // upcall entry; 0: faults end the process, notifications only end waits
	u64 stack;   // stack pointer on which upcalls run; 0: the current one below its red zone
	struct upcall_frame frame;
	u64 deadline;  // for TAG_DEADLINE and for calls without a deadline argument
	u32 cancelled; // set by the kernel: the caller being served was interrupted or is gone
	// stream_read/write and received messages: how many handles below. Of a process that keeps its
	// handles (process_control keep_handles) those still counted here when the thread ends are
	// closed: who has taken them stores 0.
	u32 handle_count;
	handle_t handle[MESSAGE_HANDLES];
	u32 handle_rights[MESSAGE_HANDLES]; // sending: the rights to pass, of those it has
	struct lend lend[MESSAGE_LENDS];
	u64 thread_id;      // written by the kernel, unique since boot
	u64 user[24];       // the runtime's own: thread-local pointer, errno, ...
	u64 foreign_return; // written by the kernel when it reflects a foreign system call
	u64 append_end;     // written by memory_write at MEMORY_APPEND: the length after it
	u64 mask; // as blocked when only the program counts: who gets a process's notifications?
};
static_assert(sizeof(struct thread_block) == 464);
constexpr u64 THREAD_BLOCK_SIZE = 512; // and its alignment
