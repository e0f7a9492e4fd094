// SPDX-License-Identifier: MIT
// idle.c - waiting, and being interrupted: by another CPU, by the timer, by a device's line.
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/panic.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u32 SPINS_MAX =
	1'000'000;                 // of one host thread that plays all CPUs: nobody else can give way
static thread_local u32 spins; // in a row

void arch_idle_wait(void)
{
	assert(host.idle);
	host.idle();
	host_take_interrupts();
}

void arch_interrupts_window(void)
{
	spins = 0;
	host_take_interrupts();
}

void arch_relax(void)
{
	if (host.is_threaded)
		syscall(SYS_sched_yield); // libc's name for it is the kernel's own here
	else if (++spins > SPINS_MAX)
		panic("spins for what nobody can give");
}

void arch_interrupt_cpu(u16 cpu)
{
	atomic_store_seq_cst(&AT(cpus, cpu).arch.interrupts, 1u); // pairs with host_take_interrupts
	if (host.wake)
		host.wake(cpu);
}

bool host_has_interrupt(u16 id)
{
	struct cpu_arch *arch = &AT(cpus, id).arch;
	return atomic_load_seq_cst(&arch->interrupts) || atomic_load_relaxed(&arch->lines) ||
	       atomic_load_relaxed(&arch->timer_ns) <= clock_now();
}

void host_take_interrupts(void)
{
	struct cpu *cpu = cpu_self();
	if (atomic_exchange_seq_cst(&cpu->arch.interrupts, 0u)) {
		shootdown_answer();
		cpu->reschedule |= RESCHEDULE_EVENTS;
	}
	if (atomic_load_relaxed(&cpu->arch.timer_ns) <= clock_now()) {
		atomic_store_relaxed(&cpu->arch.timer_ns, DEADLINE_NEVER);
		cpu->reschedule |= RESCHEDULE_TIMER;
	}
	u32 lines = atomic_exchange_acquire(&cpu->arch.lines, 0u);
	for (; lines; lines &= lines - 1)
		irq_arrived(bits_lowest(lines));
}
