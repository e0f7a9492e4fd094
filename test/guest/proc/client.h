// SPDX-License-Identifier: MIT
// client.h - native processes that live under servers/proc as POSIX ones do: the test program is
// pid 1, its children are forked with a spare and told of.
#pragma once

#include "ifc/proc.h"
#include "test/guest/harness/guest.h"

NONNULL_BEGIN

// Linux's numbers.
enum wait_option : u32 {
	NOHANG = 1,
	UNTRACED = 2,
	EXITED = 4,
	CONTINUED = 8,
	NOWAIT = 0x0100'0000,
};
enum signal_number : u32 {
	HUP = 1,
	KILL = 9,
	USR1 = 10,
	TERM = 15,
	CHLD = 17,
	CONT = 18,
	STOP = 19,
	TSTP = 20,
	RT = 40,
};

struct self {
	proc_t proc;
	u32 pid, slot;
	struct {
		u32 pid, slot;
		handle_t next;
	} spare;
	u32 serial;
};
extern struct self self; // of this process

// Takes nearly all of the memory that the service sees as that of programs, until it is closed.
err_t programs_fill(handle_t *taken);
err_t service_start(void); // the port, the ledger, the first connection; pid 1 is this program
// Kills it, and starts another that inherits its handles: pid 1 does, on demand, for only who made
// both processes may.
err_t service_restart(void);
// What pid 1 does until `tests` has ended: see service_restart.
err_t service_look_after(handle_t tests, u64 deadline, u64 *code);
// As POSIX's. The child runs run(argument); its result is its exit status.
err_t child_start(u64 (*run)(u64 argument), u64 argument, u32 *pid);
// The same; process: owned.
err_t child_begin(u64 (*run)(u64 argument), u64 argument, handle_t *process);
// The same call once more when two services died with it: its serial tells it from another.
#define AGAIN(call)                                                                                \
	({                                                                                             \
		err_t again_err;                                                                           \
		do                                                                                         \
			again_err = (call);                                                                    \
		while (again_err == ERR_RESTARTED);                                                        \
		again_err;                                                                                 \
	})

struct waited {
	u32 pid, status, code, user;
	u64 processor_ns, pages;
};
err_t child_wait(enum proc_wait_for whom, u32 id, u32 options, struct waited *out);
err_t send_signal(u32 pid, u32 signal);
const struct proc_slot *slot_of(u32 slot);
bool becomes(const u32 *word, u32 wanted); // within ten seconds
// A word that parents and children share.
u32 *shared_word(u32 index);
[[noreturn]] void end_self(u32 status); // as wait4 has it

NONNULL_END
