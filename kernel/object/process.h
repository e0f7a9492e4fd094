// SPDX-License-Identifier: MIT
// process.h - a process: address space, handle table, identity, accounting, its threads.
// Death: process_kill marks it and asks every thread's CPU; the last thread to go puts it on that
// CPU's reap list, where it is taken apart in bounded steps; then SIGNAL_EXITED is set.
#pragma once

#include "abi/info.h"
#include "kernel/object/handle.h"
#include "kernel/object/object.h"
#include "lib/base/atomic.h"

NONNULL_BEGIN

struct space;
struct thread;
struct memory;

constexpr u8 LEVEL_PROGRAM = 15; // programs may call each other; below it calls only go down

// Where and with what a thread begins.
struct program_start {
	u64 entry, stack, argument, block;
};

struct process {
	struct object object;
	struct space *space; // reference held; replaced by exec (only while one thread is left)
	struct handle_table handles;
	struct quota *quota; // reference held
	u64 identity;        // atomic: stamped on every message its threads send
	u64 reflection;      // entry for foreign system calls, 0: none. Native: return address < 0
	u8 level;
	bool is_dying;
	bool is_suspended;
	bool keeps_handles;   // under lock: when it dies they stay, as its estate, until inherited
	bool has_estate;      // under lock: it is dead, and they are there
	bool is_lost;         // under lock: no thread is started in it any more
	bool has_ended;       // under lock: SIGNAL_EXITED was said
	struct spinlock lock; // RANK_PROCESS: threads, is_dying
	struct list threads;  // struct thread.process_node
	u32 thread_count;
	struct list alone; // struct thread.wait.node: exec waits for the other threads; object.lock
	u64 exit_code;
	u32 exit_reason; // enum exit_reason
	u64 fault_cause, fault_address, fault_instruction, fault_detail;
	u64 cpu_ns;
	struct list_node reap_node;
	u32 reap_stage;                 // enum reap_stage, of the reaping CPU
	struct memory *_Nullable trace; // records of its calls; reference held, under lock
	u64 trace_count;                // under lock
	// What a process has made ends with it if it cannot run (process_let_go), or goes to its heir.
	struct list made;           // struct process.made_node, no references, under process.c's lock
	struct list_node made_node; // in its maker's list
	u64 house;                  // atomic: its id, or the house of whom it is the heir
	u64 maker;                  // house of who made it
};
OBJECT_DOWNCAST(process)

// A process without threads, in an empty space.
// _bare: without a space, which the caller must give it before anybody else hears of it.
err_t process_create(
	struct quota *quota, u64 identity, u8 level, struct process *_Nullable *_Nonnull out);
err_t process_create_bare(
	struct quota *quota, u64 identity, u8 level, struct process *_Nullable *_Nonnull out);
// A creator gives up a process that nobody has a handle to.
void process_abandon(struct process *process);
void process_kill(struct process *process, u64 code, enum exit_reason reason);
// Takes dying processes of this CPU apart, at most about `steps` pages and handles; false: all
// done.
bool process_reap(u32 steps);
// The handles of a dead process that kept them become the heir's, which has had none, and what it
// made. caller: who made both.
err_t process_inherit(struct thread *caller, struct process *heir, struct process *dead);
bool process_is_made_by(const struct process *process, const struct thread *caller);
// The maker of some has ended: up to `count` of them are let go. True: that was all.
bool process_release_made(struct process *maker, u32 count);
// No thread is left: puts the process on this CPU's reap list. Once, by who saw the count reach 0.
void process_end(struct process *process);
// What the system call entry must know of its process. Home CPU, or before it runs.
void thread_look_at_process(struct thread *thread);
// Stays valid until the kernel is left: processes die after a grace period. It may be drained
// meanwhile, and then takes no new mappings. ERR_STATE: drained already, the process is dead.
static inline err_t process_space(struct process *process, struct space *_Nullable *_Nonnull out)
{
	*out = atomic_load_acquire(&process->space);
	return *out ? OK : ERR_STATE;
}
// Links a new thread: ERR_STATE when the process is dying.
err_t process_add_thread(struct process *process, struct thread *thread);
// Unlinks a thread; the last one to die takes the process along.
void process_remove_thread(struct process *process, struct thread *thread, bool has_died);
// Requests to many threads: note them under process->lock, send them when it is given up, because
// what is done at once on this CPU may take any lock. process_request does both for all threads.
void process_ask(struct process *process, u32 requests, struct thread *_Nullable except)
	REQUIRES(process -> lock);
void process_send_asked(struct process *process) EXCLUDES(process->lock);
void process_request(struct process *process, u32 requests);
// Last words of a thread on its home CPU: out of every queue, its calls answered, off its process.
void thread_die(struct thread *thread);
// Undoes thread_create of a thread that was never started.
void thread_discard(struct thread *thread);
// A process without threads in the caller's space and with its handles, in parts as process_fork.
err_t process_lend(struct thread *caller, struct quota *quota, u64 identity, u8 level,
	struct process *_Nullable *_Nonnull child);
err_t process_fork(struct thread *caller, u64 identity, struct process *_Nullable *_Nonnull child,
	struct thread *_Nullable *_Nonnull thread);
// Exec, see syscalls.ifc: OK: registers are the new program's. SYSCALL_BLOCKED: waits to be alone.
err_t process_replace(
	struct thread *caller, struct process *image, const struct program_start *start);
// Block is validated and pinned. The thread is not started.
err_t thread_create(struct process *process, const struct program_start *start,
	struct thread *_Nullable *_Nonnull out);
// A fault of the current thread: upcall, or stop for a debugger, or end of the process.
void thread_fault(struct thread *thread, u64 cause, u64 address, u64 detail);
void thread_notify(struct thread *thread, u64 bits);
err_t process_notify(struct process *process, u64 bits); // one of its threads; ERR_STATE: none left
// Leaving the kernel with WORK_NOTIFY: enters the upcall if one is due and not blocked.
void thread_deliver(struct thread *thread);

NONNULL_END
