// SPDX-License-Identifier: MIT
// process.h - a process: address space, handle table, identity, accounting, its threads.
// Death: process_kill marks it and asks every thread's CPU; the last thread to go puts it on that
// CPU's reap list, where it is taken apart in bounded steps; then SIGNAL_EXITED is set.
#pragma once

#include "abi/info.h"
#include "kernel/object/handle.h"
#include "kernel/object/object.h"

NONNULL_BEGIN

struct space;
struct thread;
struct memory;

constexpr u8 LEVEL_PROGRAM = 15; // programs may call each other; below it calls only go down

struct process {
	struct object object;
	struct space *space; // reference held; replaced by exec (only while one thread is left)
	struct handle_table handles;
	struct quota *quota; // reference held
	u64 identity;        // stamped on every message its threads send
	u64 reflection;      // entry for foreign system calls, 0: none. Native: return address < 0
	u8 level;
	bool is_dying;
	bool is_suspended;
	struct spinlock lock; // RANK_PROCESS: threads, is_dying
	struct list threads;  // struct thread.process_node
	u32 thread_count;
	struct thread *_Nullable alone_waiter; // exec waits for the other threads to end
	u64 exit_code;
	u32 exit_reason; // enum exit_reason
	u64 fault_cause, fault_address, fault_instruction, fault_detail;
	u64 cpu_ns;
	struct list_node reap_node;
	u32 reap_stage;
	struct memory *_Nullable trace; // records of its calls; reference held
};
OBJECT_DOWNCAST(process)

err_t process_create(struct quota *quota, u64 identity, u8 level, struct process *_Nullable *out);
void process_kill(struct process *process, u64 code, enum exit_reason reason);
// Takes dying processes of this CPU apart, at most about `steps` pages and handles; false: all done.
bool process_reap(u32 steps);
// Last words of a thread on its home CPU: out of every queue, its calls answered, off its process.
void thread_die(struct thread *thread);
// Kernel-side creation; block is validated and pinned. The thread is not started.
err_t thread_create(struct process *process, u64 entry, u64 stack, u64 argument, u64 block,
	struct thread *_Nullable *out);
// A fault of the current thread: upcall, or stop for a debugger, or end of the process.
void thread_fault(struct thread *thread, u64 cause, u64 address, u64 detail);
// Leaving the kernel with WORK_NOTIFY: enters the upcall if one is due and not blocked.
void thread_deliver(struct thread *thread);

NONNULL_END
