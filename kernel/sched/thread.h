// SPDX-License-Identifier: MIT
// thread.h - a thread: registers, what it waits for, the call it makes or serves.
// Ownership: a thread belongs to its home CPU. Only that CPU changes its state, its place in run
// queues and idle lists, and its call; others send requests (request.h). A blocked thread does not
// move, so a call between two threads of one CPU needs no lock and no atomic.
#pragma once

#include "abi/thread.h"
#include "arch_types.h"
#include "kernel/object/object.h"
#include "kernel/sched/timer_queue.h"
#include "lib/base/list.h"
#include "lib/base/tree.h"

NONNULL_BEGIN

struct process;
struct port;
struct memory;

enum thread_state : u8 {
	THREAD_NEW,     // never ran
	THREAD_READY,   // running or in a run queue (itself or by the entity that was donated)
	THREAD_IDLE,    // server in port_reply_wait, in a port's idle list of its home CPU
	THREAD_CALLING, // in connection_call; see call.state
	THREAD_WAITING, // object, stream, futex, sleep, page; see wait
	THREAD_STOPPED, // suspended or faulted, in no queue
	THREAD_DEAD,
};

// Reasons to take the slow way out of the kernel. Plain: changed by the home CPU only.
enum thread_work : u8 {
	WORK_KILL = 1,
	WORK_SUSPEND = 2,
	WORK_NOTIFY = 4, // look at block->pending
	WORK_MOVE = 8,   // its affinity no longer allows this CPU
	WORK_MORE = 16,  // its call goes on (struct long_call)
};

// Requests from other CPUs: bits of thread.requests, see request.h.
enum thread_request : u32 {
	REQUEST_WAKE = 1, // wait.result and wait.value are set
	REQUEST_KILL = 2,
	REQUEST_SUSPEND = 4,
	REQUEST_RESUME = 8,
	REQUEST_NOTIFY = 16,     // block->pending has new bits
	REQUEST_ANSWERED = 32,   // call.reply is filled in
	REQUEST_START = 64,      // new or moved thread: enter the run queue of its home
	REQUEST_INTERRUPT = 128, // end the wait or abandon the call
	REQUEST_RENICE = 256,    // priority, weight or affinity changed
	REQUEST_INTERRUPT_CALL =
		512,             // its call could not be left or cancelled when it was asked: now it can
	REQUEST_LOOK = 1024, // the far caller of the call in hand was cancelled or left
};

// A share of CPU time. A call lends the caller's entity to the server.
struct entity {
	struct tree_node node;    // in the fair tree, by deadline
	struct list_node rt_node; // in a real-time list
	struct thread *owner;     // whose it is
	struct thread *thread;    // who runs on it now: owner, or the end of its chain of calls
	u64 vruntime, deadline, min_vruntime; // virtual ns; min_vruntime: of the subtree (augmented)
	u64 ran_ns;  // atomic. While it runs: less the time when it began, and so negative
	u32 weight;  // 100 usual
	u8 priority; // 0 fair, 1-32 real time
	bool is_queued;
};

// Low bits of call.state; the rest counts the thread's calls, so that a late answer to an abandoned
// call can't hit the next one. Transitions by compare-and-swap once another CPU is involved.
enum call_state : u32 {
	CALL_NONE,
	CALL_QUEUED,   // in port->calls
	CALL_TAKEN,    // a server works on it
	CALL_SAVED,    // a reply object holds it
	CALL_COPYING,  // its lent memory is being copied, or its answer written: wait a moment
	CALL_ANSWERED, // reply words are in call.reply
	CALL_STATE_MASK = 7,
	CALL_STATE_NEXT = 8,
};

// The call that a thread is making.
struct call {
	u32 state;          // atomic once a thread of another CPU or a reply object is involved
	bool is_remote;     // taker is on another CPU or has saved it: use atomics
	bool is_restart;    // ANSWERED: not answered, but to be done again
	u8 is_cancelled;    // atomic
	u8 deaths;          // services that died with it
	err_t abandon_with; // atomic: the caller wanted to leave while COPYING; 0: no
	struct thread *_Nullable server;     // while TAKEN by a thread of this CPU
	struct thread *_Nullable far_server; // took it on another CPU: reference held until the end
	struct port *_Nullable port;         // while QUEUED: reference held
	u64 badge;
	struct list_node node;         // in port->calls
	struct reply *_Nullable saved; // reference held from SAVED until the end
	u64 reply_tag;
	u64 reply[MESSAGE_WORDS];
};

enum wait_kind : u8 {
	WAIT_NONE,
	WAIT_OBJECT,
	WAIT_STREAM,
	WAIT_FUTEX,
	WAIT_PAGE,
	WAIT_SLEEP,
	WAIT_ALONE
};

// The wait of a thread. The queue it stands in belongs to `lock`: who takes the node out of the
// queue under that lock owns the wake-up, and must send exactly one.
struct wait {
	enum wait_kind kind;
	struct list_node node;
	struct spinlock *_Nullable lock; // of the queue
	struct object *_Nullable object; // reference held until the wake-up is done
	u32 bits;                        // object: bits waited for. stream: 1 reader, 2 writer
	err_t result; // by the waker: OK, or SYSCALL_RESTART to do the call again, or an error
	u64 value;    // by the waker: first result
	u64 key;      // futex: offset; page: index
	bool has_value;
	struct thread *_Nullable owner; // futex: who inherits from it; reference, under futex.c's lock
	struct list_node donor_node;    // in owner->donors
	bool is_announced;              // page: the pager has been told
	bool is_write;                  // page
};

// A call that takes more than one stay in the kernel, between two of them: it is dispatched again,
// interrupts come in meanwhile, and finds here how far it came. Decision 024.
struct long_call {
	u64 done;                      // in its own measure; 0: at the beginning
	struct space *_Nullable space; // nobody else changes it meanwhile; reference
	struct object *_Nullable made; // a process or memory that nobody sees yet; reference
};

struct thread {
	struct object object;
	struct thread_registers registers; // saved here on kernel entry (entry.S knows the offset)
	u8 return_slow; // registers must be restored by iretq (all of them), not sysretq
	u8 work;        // enum thread_work
	u8 uses_float;
	u8 state;                   // enum thread_state
	u8 depth;                   // of calls: own call runs at depth + 1
	u8 is_service_thread;       // has been idle in a port
	u16 home;                   // CPU id (atomic for readers on other CPUs)
	struct process *process;    // reference held
	struct thread_block *block; // kernel's mapping of it (direct map); page pinned
	u64 block_address;          // user address, also GS base
	// serving
	struct thread *_Nullable caller; // whose call this thread has in hand; null: none
	u32 caller_call;                 // remote: caller->call.state when it was taken
	u8 caller_is_remote;             // reference held on caller, use atomics
	bool caller_is_lost;             // the caller of the call in hand is gone
	struct port *_Nullable port;     // last waited on; reference held
	struct list_node idle_node;      // in port->idle[home]
	struct entity
		*_Nullable entity; // it runs on: own, or its caller's; null: own is lent or unused
	struct call call;
	struct entity own;
	struct wait wait;
	struct long_call long_call;
	struct timer_node timer;               // deadline of the wait
	u32 requests;                          // atomic, enum thread_request
	struct thread *_Nullable next_request; // in a CPU's inbox
	struct list_node process_node;         // in process->threads, under its lock
	u32 asked; // under the same lock: requests to send when it is given up
	struct thread_arch arch;
	u64 id;
	u64 affinity;      // mask of CPUs
	u32 weight_wanted; // set by thread_control, taken over by REQUEST_RENICE
	u8 priority_wanted;
	struct list donors;    // struct wait.donor_node: futex waiters it inherits from
	u8 priority_inherited; // from waiters of futexes that it owns (atomic)
	bool is_fault_stopped; // atomic: set by the home CPU, cleared by who resumes
	bool is_suspended;     // atomic: what is wanted; requests make the home CPU look at it
	bool is_stepping;      // atomic: runs one instruction when it is resumed
	bool is_traced;        // its system calls are recorded (trace.h); home CPU
	u8 entry_slow;         // traced, or of a process with a foreign entry: entry.S looks further
	u64 reflection;        // its process's, as home CPU saw it
	u64 notified;          // atomic: notifications on their way to block->pending
	u64 retry_since;       // its call or fault is repeated since then (grace_retry); 0: it is not
	u64 fault_cause, fault_address, fault_detail;
	paddr_t block_frame; // of the page around the block: reference held, which pins it
};
OBJECT_DOWNCAST(thread)

// Results of a system call that returned to the dispatcher without an answer for the user.
constexpr i32 SYSCALL_BLOCKED_RAW = 1; // parked, or registers already set: do not write results
constexpr i32 SYSCALL_RESTART_RAW = 2; // do the same call again when the thread runs next
#define SYSCALL_BLOCKED ((err_t)SYSCALL_BLOCKED_RAW)
constexpr i32 SYSCALL_MORE_RAW = 3; // a part is done: the next before the thread leaves the kernel
#define SYSCALL_RESTART ((err_t)SYSCALL_RESTART_RAW)
#define SYSCALL_MORE ((err_t)SYSCALL_MORE_RAW)

NONNULL_END
