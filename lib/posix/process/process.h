// SPDX-License-Identifier: MIT
// process.h - what other folders of the library need of processes, and what fork needs of them.
#pragma once

#include "lib/posix/core/thread.h"
#include "lib/posix/core/wait.h"
#include "lib/posix/linux/signal.h"
#include "lib/posix/process/identity.h"

NONNULL_BEGIN

// After a refusal of memory: true, if something was done against it and it should be tried again.
// False: once more all the same, in case what was short has come back by itself.
constexpr u32 RELIEVE_TRIES = 100; // a second: a big process takes long to be taken apart
bool process_relieved(void);

// fork, vfork and clone without CLONE_THREAD.
struct process_clone {
	u64 flags; // enum clone_flag
	u64 stack; // 0: the parent's
	u64 parent_tid, child_tid, tls;
	u64 pidfd; // where its number goes, with CLONE_PIDFD
	u32 exit_signal;
	u32 wanted_pid; // of the child; 0: any
};

enum clone_flag : u64 {
	CLONE_VM = 0x100,
	CLONE_FS = 0x200,
	CLONE_FILES = 0x400,
	CLONE_SIGHAND = 0x800,
	CLONE_PIDFD = 0x1000,
	CLONE_PTRACE = 0x2000,
	CLONE_VFORK = 0x4000,
	CLONE_PARENT = 0x8000,
	CLONE_THREAD = 0x1'0000,
	CLONE_NEWNS = 0x2'0000,
	CLONE_SYSVSEM = 0x4'0000,
	CLONE_SETTLS = 0x8'0000,
	CLONE_PARENT_SETTID = 0x10'0000,
	CLONE_CHILD_CLEARTID = 0x20'0000,
	CLONE_DETACHED = 0x40'0000,
	CLONE_UNTRACED = 0x80'0000,
	CLONE_CHILD_SETTID = 0x100'0000,
	CLONE_NEWCGROUP = 0x200'0000,
	CLONE_NEWUTS = 0x400'0000,
	CLONE_NEWIPC = 0x800'0000,
	CLONE_NEWUSER = 0x1000'0000,
	CLONE_NEWPID = 0x2000'0000,
	CLONE_NEWNET = 0x4000'0000,
	CLONE_IO = 0x8000'0000,
	CLONE_CLEAR_SIGHAND = 0x1'0000'0000,
};
constexpr u64 CLONE_NEWTIME = 0x80; // of unshare and clone3: there it is a signal for clone
constexpr u64 CLONE_INTO_CGROUP = 0x2'0000'0000;
constexpr u64 CLONE_NEW_ANY = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                              CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// The child's pid, in the child 0, -errno.
i64 process_clone(struct posix_thread *self, const struct process_clone *clone);

// The process ends with this status, as wait4 has it. All threads are gone or go.
[[noreturn]] void process_exit(u32 status);

extern const struct operations process_operations; // of FILE_PROCESS

// What was written to the console is out, or has had its time (terminal/ provides it).
[[gnu::weak]] void terminal_drain(void);

// exec, in the new program: says so, and lets the parent of a vfork child go on.
void process_executed(void);
// What this process holds only because of privileges goes, if it has none for good.
void process_narrow(void);
// exec, before it can't fail any more: credentials as the program gets them. Its owner and group
// count if it is set-id: bit 0 user, bit 1 group. No call when nothing changes. 0, -errno.
i64 process_become(u32 owner, u32 group, u32 set_id);

// What came with a pending signal that was not sent from within; false: nothing did. more: how many
// of this number still wait (real-time signals queue).
bool process_signal_info(u32 signal, struct linux_siginfo *info, u32 *more);
// The default of a signal that stops. Comes back once continued; continued: the slot's count when
// the signal was taken.
void process_stop_self(u32 signal, u32 continued);
static inline u32 process_continued(const struct identity *identity)
{
	return __atomic_load_n(&identity_slot(identity)->continued, __ATOMIC_RELAXED);
}

// A limit of this process as it is now; others may change it (prlimit).
struct limit process_limit(u32 resource);

// Has its parent told proc of it? Else proc cannot look into it, nor end it.
static inline bool process_is_known(const struct identity *identity)
{
	u32 state =
		__atomic_load_n(&identity_slot(identity)->state, __ATOMIC_ACQUIRE); // written by proc
	return state == PROC_SLOT_STATE_ALIVE || state == PROC_SLOT_STATE_ZOMBIE;
}

// A number that no call of this process had.
u32 process_serial(void);

// A signal to this process itself, from itself (signal/ provides it).
[[gnu::weak]] i64 signal_send_self(
	struct posix_thread *self, u32 signal, const struct linux_siginfo *info);

NONNULL_END
