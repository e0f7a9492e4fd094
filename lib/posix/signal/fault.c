// SPDX-License-Identifier: MIT
// fault.c - the program was interrupted (upcall.S): a notification only fills the mailbox; a fault
// becomes the signal that Linux makes of it, with the same details.
#include "lib/base/atomic.h"
#include "lib/base/time.h"
#include "lib/posix/core/clock.h"
#include "lib/posix/core/entry.h"
#include "lib/posix/core/log.h"
#include "lib/posix/signal/crash.h"
#include "lib/posix/signal/signal_local.h"
#include "os/syscalls.h"

enum trap : u64 {
	TRAP_DIVIDE = 0,
	TRAP_DEBUG = 1,
	TRAP_BREAKPOINT = 3,
	TRAP_OVERFLOW = 4,
	TRAP_ILLEGAL = 6,
	TRAP_PROTECTION = 13,
	TRAP_PAGE = 14,
	TRAP_FLOAT = 16,
	TRAP_SIMD = 19,
};

// Bits of the processor's error code, as programs find it in their frames.
enum page_error : u64 { PAGE_PRESENT = 1, PAGE_WRITE = 2, PAGE_USER = 4, PAGE_FETCH = 16 };

constexpr u64 SHORT_NS = 4 * NS_PER_SECOND, SHORT_PAUSE_NS = 10 * NS_PER_MS;

[[gnu::weak]] bool process_relieved(void);    // process/ provides
[[gnu::weak]] bool memory_grows(u64 address); // memory/ provides: is there memory now?

struct fault {
	u32 signal;
	i32 code;
	u64 address, trap, error;
};

static u64 page_error(u64 detail)
{
	u64 error = PAGE_USER;
	error |= detail & FAULT_PRESENT ? PAGE_PRESENT : 0;
	error |= detail & FAULT_WRITE ? PAGE_WRITE : 0;
	error |= detail & FAULT_EXEC ? PAGE_FETCH : 0;
	return error;
}

// Flags of x87 or SSE that are raised and not masked, in the order in which Linux looks.
static i32 float_code(u64 trap)
{
	u32 raised, masked;
	if (trap == TRAP_SIMD) {
		u32 control;
		__asm__ volatile("stmxcsr %0" : "=m"(control));
		raised = control & 0x3f;
		masked = control >> 7 & 0x3f;
	} else {
		u16 status, control;
		__asm__ volatile("fnstsw %0\n\tfnstcw %1" : "=m"(status), "=m"(control));
		raised = status & 0x3f;
		masked = control & 0x3f;
	}
	u32 flags = raised & ~masked;
	if (flags & 1)
		return FPE_FLTINV;
	if (flags & 4)
		return FPE_FLTDIV;
	if (flags & 8)
		return FPE_FLTOVF;
	if (flags & 0x12)
		return FPE_FLTUND;
	return flags & 0x20 ? FPE_FLTRES : FPE_FLTINV;
}

static struct fault fault_of(const struct posix_thread *self)
{
	const struct interruption *what = &self->interruption;
	u64 rip = self->registers.rip;
	switch ((enum upcall_cause)what->cause) {
	case UPCALL_PAGE_FAULT:
		return (struct fault){ SIGSEGV, what->detail & FAULT_PRESENT ? SEGV_ACCERR : SEGV_MAPERR,
			what->address, TRAP_PAGE, page_error(what->detail) };
	case UPCALL_BUS_ERROR:
		return (
			struct fault){ SIGBUS, BUS_ADRERR, what->address, TRAP_PAGE, page_error(what->detail) };
	case UPCALL_ILLEGAL: return (struct fault){ SIGILL, ILL_ILLOPN, rip, TRAP_ILLEGAL, 0 };
	case UPCALL_ARITHMETIC:
		if (what->detail == TRAP_OVERFLOW)
			return (struct fault){ SIGSEGV, SI_KERNEL, 0, TRAP_OVERFLOW, 0 };
		return (struct fault){ SIGFPE, FPE_INTDIV, rip, TRAP_DIVIDE, 0 };
	case UPCALL_FLOAT:
		return (struct fault){ SIGFPE, float_code(what->detail), rip, what->detail, 0 };
	case UPCALL_BREAKPOINT:
		if (what->detail == TRAP_DEBUG)
			return (struct fault){ SIGTRAP, TRAP_TRACE, rip, TRAP_DEBUG, 0 };
		return (struct fault){ SIGTRAP, SI_KERNEL, 0, TRAP_BREAKPOINT, 0 };
	case UPCALL_NOTIFICATION:
	case UPCALL_PROTECTION: break;
	}
	return (struct fault){ SIGSEGV, SI_KERNEL, 0, TRAP_PROTECTION, what->detail };
}

static bool is_short(u64 detail)
{
	u64 reason = detail / FAULT_REASON;
	return reason == (u64)-ERR_QUOTA || reason == (u64)-ERR_NO_MEMORY;
}

// There was no memory for this page. Somebody who is big ends for it, or there is some by now that
// others may take first, or what has ended gives its own back in a while: until SHORT_NS are over.
static bool is_tried_again(struct posix_thread *self, u64 address, u64 detail)
{
	u32 observed;
	if (!process_relieved || !is_short(detail))
		return false;
	if (process_relieved())
		return true;
	u64 now = posix_clock();
	bool is_first = self->short_address != address || now - self->short_since > 2 * SHORT_NS;
	if (is_first) {
		self->short_address = address;
		self->short_since = now;
	} else if (now - self->short_since > SHORT_NS) {
		return false;
	} else {
		(void)object_wait(HANDLE_NONE, 0, now + SHORT_PAUSE_NS, &observed);
	}
	return true;
}

void posix_interrupted(struct posix_thread *self)
{
	if (self->interruption.cause == UPCALL_NOTIFICATION) {
		atomic_or_seq_cst(&self->block.pending, self->interruption.detail);
		return;
	}
	if (self->interruption.cause == UPCALL_BUS_ERROR &&
		is_tried_again(self, self->interruption.address, self->interruption.detail))
		return;
	if (self->interruption.cause == UPCALL_PAGE_FAULT && memory_grows &&
		!(self->interruption.detail & FAULT_PRESENT) && memory_grows(self->interruption.address))
		return;
	struct fault fault = fault_of(self);
	self->trap_number = fault.trap;
	self->trap_error = fault.error;
	if (fault.trap == TRAP_PAGE)
		self->trap_address = fault.address;
	signal_force(
		self, &(struct linux_siginfo){
				  .signal = (i32)fault.signal, .code = fault.code, .address = fault.address });
}

// In the middle of a call, its locks held: asking proc takes none, and leaves the block and how the
// call waits as they are.
bool posix_memory_short(struct posix_thread *self)
{
	u64 open_mask = self->open_mask, service_deadline = self->service_deadline;
	self->open_mask = MASK_ALL;
	self->service_deadline = 0;
	bool is_tried = is_tried_again(self, self->block.frame.address, self->block.frame.detail);
	self->open_mask = open_mask;
	self->service_deadline = service_deadline;
	return is_tried;
}

[[noreturn]] void posix_library_fault(struct posix_thread *self)
{
	const struct upcall_frame *frame = &self->block.frame;
	if (frame->cause == UPCALL_BUS_ERROR) { // its memory is anonymous: there is none left
		posix_log("no memory is left (at %lx, call %lu): killed", frame->address, self->number);
		(void)task_exit(EXIT_SCOPE_PROCESS, SIGKILL, 0);
	}
	posix_log("the POSIX library failed: fault %lu at %lx, instruction %lx, stack %lx, call %lu",
		frame->cause, frame->address, frame->instruction, frame->stack, self->number);
	crash_library(self);
	(void)task_exit(EXIT_SCOPE_PROCESS, SIGSEGV, 0);
	__builtin_trap();
}
