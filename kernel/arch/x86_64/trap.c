// SPDX-License-Identifier: MIT
// trap.c - what the CPU interrupted us with. From a program: its page fault, its error, a device.
// From the kernel: interrupts only while it idles, page faults only in copy.S; all else is a panic.
// Manual: Intel SDM volume 3, chapter 6.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/panic.h"
#include "lib/base/atomic.h"

enum page_error : u64 {
	PAGE_ERROR_PRESENT = 1,
	PAGE_ERROR_WRITE = 2,
	PAGE_ERROR_RESERVED = 8,
	PAGE_ERROR_FETCH = 16
};

// Acknowledges and notes; whoever leaves the kernel next does the work.
static void interrupt(u8 vector)
{
	if (vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICE)
		return;
	if (vector < VECTOR_DEVICE_END)
		irq_arrived(vector);
	else if (vector == VECTOR_TIMER)
		timer_fired();
	else if (vector == VECTOR_ASK) {
		cpu_poll();
		if (atomic_load_relaxed(&cpu_self()->events)) // set before it was sent, pairs with cpu_send
			cpu_self()->reschedule |= RESCHEDULE_EVENTS;
	}
	apic_end_interrupt();
}

static void user_page_fault(u64 error)
{
	u64 address = cr2_read();
	if (error & PAGE_ERROR_RESERVED)
		panic("page tables are damaged at %lx", address);
	u32 access = PAGE_READ;
	if (error & PAGE_ERROR_FETCH)
		access = PAGE_EXEC;
	else if (error & PAGE_ERROR_WRITE)
		access = PAGE_WRITE;
	space_fault_current(address, access, error & PAGE_ERROR_PRESENT);
}

static u64 cause_of(u64 vector)
{
	switch (vector) {
	case VECTOR_DIVIDE:
	case VECTOR_OVERFLOW: return UPCALL_ARITHMETIC;
	case VECTOR_DEBUG:
	case VECTOR_BREAKPOINT: return UPCALL_BREAKPOINT;
	case VECTOR_ILLEGAL: return UPCALL_ILLEGAL;
	case VECTOR_FLOAT:
	case VECTOR_SIMD: return UPCALL_FLOAT;
	default: return UPCALL_PROTECTION;
	}
}

void trap_from_user(struct thread *thread, u64 vector, u64 error)
{
	if (vector >= VECTOR_LEGACY) {
		interrupt((u8)vector);
		return;
	}
	if (vector == VECTOR_PAGE_FAULT) {
		user_page_fault(error);
		return;
	}
	if (vector == VECTOR_NO_FLOAT) {
		float_first_use(thread);
		return;
	}
	u64 cause = cause_of(vector);
	thread_fault(thread, cause, thread->registers.rip, cause == UPCALL_PROTECTION ? error : vector);
}

static bool is_copy(u64 rip)
{
	return rip >= (u64)(uintptr_t)copy_begin && rip < (u64)(uintptr_t)copy_end;
}

void trap_from_kernel(struct trap_frame *frame)
{
	if (frame->vector >= VECTOR_LEGACY) {
		interrupt((u8)frame->vector);
		return;
	}
	if (frame->vector == VECTOR_PAGE_FAULT && is_copy(frame->rip)) {
		frame->rip = (u64)(uintptr_t)copy_fault;
		return;
	}
	if (frame->vector == VECTOR_ILLEGAL)
		frame_panic(frame, "a check built into the kernel failed");
	frame_panic(frame, "exception in the kernel");
}

void trap_paranoid(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_NMI) {
		if (panic_is_on())
			arch_stop();
		frame_panic(frame, "NMI: the hardware, or a person, asks what goes on");
	}
	frame_panic(frame, frame->vector == VECTOR_DOUBLE_FAULT
						   ? "double fault (kernel stack overflow?)"
						   : "machine check: the hardware failed");
}
