// SPDX-License-Identifier: MIT
// proc.h - what the parts of proc call of each other. Data: store.h.
#pragma once

#include "ifc/meet.h"
#include "lib/os/service.h"
#include "lib/posix/process/identity.h"
#include "servers/proc/store.h"

NONNULL_BEGIN

// Linux's numbers of signals that mean something to proc.
enum signal_number : u8 {
	SIG_HUP = 1,
	SIG_ILL = 4,
	SIG_TRAP = 5,
	SIG_BUS = 7,
	SIG_FPE = 8,
	SIG_KILL = 9,
	SIG_SEGV = 11,
	SIG_CHLD = 17,
	SIG_CONT = 18,
	SIG_STOP = 19,
	SIG_TSTP = 20,
	SIG_TTIN = 21,
	SIG_TTOU = 22,
	SIG_FIRST_QUEUED = 32,
	SIG_LAST = 64,
};

enum child_code : u8 { CHILD_EXITED = 1, CHILD_KILLED = 2, CHILD_STOPPED = 5, CHILD_CONTINUED = 6 };

extern handle_t port; // the supervisor's; written once at start
extern const struct proc_ops proc_operations;

// Makes what was done so far last, then sends what it decided. Only between whole steps.
void commit(void);

// Who calls. A spare that calls is alive. ERR_NOT_FOUND: nobody; ERR_GONE: its parent died before
// it told proc of it, so nobody could ever steer it: it has to end.
err_t caller_find(struct caller caller, struct process *_Nullable *_Nonnull out);
// Our connection to servers/meet. ERR_UNSUPPORTED: there is none on this machine.
err_t meet_reach(meet_t *out);
err_t process_by_id(struct caller caller, u32 id, struct process *_Nullable *_Nonnull out); // 0: it

// pid 1, until a process said that it is it (begin).
static inline bool is_nobody(const struct process *process)
{
	return process_slot(process) == INIT_SLOT && !process->process.raw;
}

// Life (children.c, end.c).
err_t bind_exit(const struct process *process);
void process_exited(u32 pid, slot_t slot); // the kernel says so
void process_hangup(u64 badge);            // nobody holds its connection any more
void process_end(struct process *process, u32 status, u64 processor_ns, u64 pages);
void end_rescan(void); // after a restart

// Children that wait to be told of (known.c): those that were, or never will be, after the commit.
void known_send(void);
bool known_cancel(handle_t reply);

// Waiting (wait.c).
bool wait_serve(struct message *message);            // true: the message holds the answer
void wait_tell(struct process *parent);              // something about its children changed
void wait_cancel(handle_t reply, bool is_abandoned); // its caller was interrupted, or is gone
void wait_forget(slot_t slot);                       // nobody waits there any more
void wait_send(void);                                // what was decided, after the commit

// Signals (signal.c, stop.c).
struct signal_source {
	i32 code;
	u32 pid, user, status;
	u64 value;
	bool is_late;
};
void signal_send(struct process *to, u32 signal, const struct signal_source *source);
void signal_kernel(struct process *to, u32 signal); // from nobody
// To one of several that are sent it together: to the child that it may be making, too. Null: from
// nobody.
void signal_member(struct process *to, u32 signal, const struct signal_source *_Nullable source);
// Tells the parent; wishes are the parent's.
void signal_child(
	struct process *child, enum child_code code, u32 status, const struct wishes *wishes);
void signal_early(struct process *process); // those kept while it was unborn
void signals_drop(struct process *process);
void outbox_flush(void);
// What is told a moment later: until when, DEADLINE_NEVER if there is nothing; it is due, or its
// process (by pid, 0: any) calls.
u64 late_until(void);
void late_flush(u32 pid);
bool may_signal(const struct process *from, const struct process *to, u32 signal);
void process_stop(struct process *process, u32 signal);
bool is_orphaned(u32 group, const struct process *_Nullable leaving);
void process_continue(struct process *process);
// What a process says of signals in its own memory; nothing, if it cannot be read.
struct wishes wishes_of(const struct process *process);

// Groups (group.c).
void orphans_look(struct process *leaving);         // groups that lose their last outside parent
void family_publish(const struct process *process); // its spares will be what it is

// Terminals (terminal.c).
constexpr u64 TERMINALS_KEY = UINT64_MAX; // of the event that tty raises; others: pid << 32 | slot
err_t terminal_open(void);
void terminal_event(void);
void session_end(struct process *leader);

// Credentials (credentials.c), limits (limit.c).
static inline const struct proc_credentials *credentials_of(const struct process *process)
{
	return &AT(store->sets, process->set).credentials;
}
static inline bool is_able(const struct process *process, u32 capability)
{
	return credentials_of(process)->effective >> capability & 1;
}
// ptrace(2)'s rule (files.c): all its ids are these of the caller's, it has no more powers, and its
// memory is no secret of a program that lent it some.
bool is_open_to(const struct proc_credentials *process, const struct proc_credentials *caller,
	u32 user, u32 group);
// A connection to the root file system that speaks for the process, borrowed; none on a machine
// without one.
handle_t set_files(const struct process *process);
void set_share(struct process *process, u16 set); // a new record takes it
void set_leave(struct process *process);
// The set with these credentials, a new one if there is none.
err_t set_find(const struct proc_credentials *credentials, u16 *out);
// The process has that set from now on; the connection to the root file system for it, borrowed.
handle_t set_take(struct process *process, u16 set);

// Fresh processes (fresh.c, become.c).
struct fresh_start {
	u32 inode, generation;                 // of the program's file
	handle_t contents, texts, descriptors; // borrowed
};
// A process that takes the place of a record's: the record has its credentials and its badge
// already. It does not run yet.
err_t fresh_make(
	const struct process *process, const struct fresh_start *start, handle_t *out_process);
err_t fresh_run(handle_t process);
void limits_usual(struct process *process);

enum capability : u8 {
	CAP_CHOWN = 0,
	CAP_DAC_OVERRIDE = 1,
	CAP_KILL = 5,
	CAP_SETGID = 6,
	CAP_SETUID = 7,
	CAP_SETPCAP = 8,
	CAP_SYS_PTRACE = 19,
	CAP_SYS_ADMIN = 21,
	CAP_SYS_NICE = 23,
	CAP_SYS_RESOURCE = 24,
	CAP_CHECKPOINT_RESTORE = 40,
	CAP_LAST = CAP_CHECKPOINT_RESTORE,
};

// hog.c: has the session of this process as many processes as one may have?
bool session_is_full(const struct process *parent);

NONNULL_END
