// SPDX-License-Identifier: MIT
// signal.h - signals as Linux numbers them, and its structs: sigaction, siginfo, the frame that a
// handler finds on its stack (x86_64).
#pragma once

#include "abi/types.h"

enum linux_signal : u32 {
	SIGHUP = 1,
	SIGINT = 2,
	SIGQUIT = 3,
	SIGILL = 4,
	SIGTRAP = 5,
	SIGABRT = 6,
	SIGBUS = 7,
	SIGFPE = 8,
	SIGKILL = 9,
	SIGUSR1 = 10,
	SIGSEGV = 11,
	SIGUSR2 = 12,
	SIGPIPE = 13,
	SIGALRM = 14,
	SIGTERM = 15,
	SIGSTKFLT = 16,
	SIGCHLD = 17,
	SIGCONT = 18,
	SIGSTOP = 19,
	SIGTSTP = 20,
	SIGTTIN = 21,
	SIGTTOU = 22,
	SIGURG = 23,
	SIGXCPU = 24,
	SIGXFSZ = 25,
	SIGVTALRM = 26,
	SIGPROF = 27,
	SIGWINCH = 28,
	SIGIO = 29,
	SIGPWR = 30,
	SIGSYS = 31,
	SIGRTMIN = 32,
	SIGNALS = 64,
};

#define SIGNAL_BIT(signal) ((u64)1 << ((signal) - 1))

constexpr u64 SIG_DFL = 0;
constexpr u64 SIG_IGN = 1;

enum sigaction_flag : u64 {
	SA_NOCLDSTOP = 1,
	SA_NOCLDWAIT = 2,
	SA_SIGINFO = 4,
	SA_RESTORER = 0x0400'0000,
	SA_ONSTACK = 0x0800'0000,
	SA_RESTART = 0x1000'0000,
	SA_NODEFER = 0x4000'0000,
	SA_RESETHAND = 0x8000'0000,
};

struct linux_sigaction {
	u64 handler;
	u64 flags;
	u64 restorer;
	u64 mask;
};

enum sigprocmask_how : i32 { SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2 };

enum signal_stack_flag : u32 {
	SS_ONSTACK = 1,
	SS_DISABLE = 2,
	SS_AUTODISARM = 1u << 31,
};

constexpr u64 MINSIGSTKSZ = 2048;

struct linux_stack {
	u64 address;
	u32 flags;
	u32 reserved;
	u64 size;
};

// si_code.
enum signal_code : i32 {
	SI_USER = 0,
	SI_KERNEL = 0x80,
	SI_QUEUE = -1,
	SI_TIMER = -2,
	SI_MESGQ = -3,
	SI_TKILL = -6,
	CLD_EXITED = 1,
	CLD_KILLED = 2,
	CLD_DUMPED = 3,
	CLD_TRAPPED = 4,
	CLD_STOPPED = 5,
	CLD_CONTINUED = 6,
	SEGV_MAPERR = 1,
	SEGV_ACCERR = 2,
	BUS_ADRALN = 1,
	BUS_ADRERR = 2,
	FPE_INTDIV = 1,
	FPE_INTOVF = 2,
	FPE_FLTDIV = 3,
	FPE_FLTOVF = 4,
	FPE_FLTUND = 5,
	FPE_FLTRES = 6,
	FPE_FLTINV = 7,
	ILL_ILLOPN = 2,
	TRAP_BRKPT = 1,
	TRAP_TRACE = 2,
};

struct linux_siginfo {
	i32 signal, error, code, reserved;
	union {
		struct {
			u32 pid, user;
			union {
				u64 value;  // sigval: rt_sigqueueinfo, timers
				i32 status; // SIGCHLD
			};
			u64 user_time, system_time; // SIGCHLD
		};
		struct {
			u64 address;
			u16 address_lsb;
		};
		struct {
			i32 timer, overrun;
			u64 timer_value;
		};
		u8 bytes[112];
	};
};
static_assert(sizeof(struct linux_siginfo) == 128);

// struct sigcontext, the general part of a frame.
struct linux_sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 float_state; // address of the XSAVE area
	u64 reserved[8];
};
static_assert(sizeof(struct linux_sigcontext) == 256);

struct linux_ucontext {
	u64 flags; // enum ucontext_flag
	u64 link;
	struct linux_stack stack;
	struct linux_sigcontext context;
	u64 mask;
};
static_assert(sizeof(struct linux_ucontext) == 304);

enum ucontext_flag : u64 { UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };

struct linux_rt_sigframe {
	u64 restorer; // what the handler returns to
	struct linux_ucontext ucontext;
	struct linux_siginfo info;
};
static_assert(sizeof(struct linux_rt_sigframe) == 440);

// In the software bytes of the FXSAVE part, at 464.
struct linux_fpx_sw_bytes {
	u32 magic1;        // FP_XSTATE_MAGIC1
	u32 extended_size; // with magic2 behind it
	u64 features;      // xfeatures
	u32 xstate_size;
	u32 reserved[7];
};
static_assert(sizeof(struct linux_fpx_sw_bytes) == 48);
constexpr u32 FP_XSTATE_MAGIC1 = 0x46505853;
constexpr u32 FP_XSTATE_MAGIC2 = 0x46505845;
