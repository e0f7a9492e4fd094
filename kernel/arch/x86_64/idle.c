// SPDX-License-Identifier: MIT
// idle.c - waiting, stopping, interrupting another CPU, I/O ports, switching off.
#include "abi/syscall_numbers.h"
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "lib/base/view.h"

constexpr u16 EXIT_PORT = 0xf4; // QEMU's isa-debug-exit

void arch_idle_wait(void)
{
	__asm__ volatile("sti\n hlt\n cli" ::: "memory"); // sti takes effect behind hlt's start
}

void arch_interrupts_window(void)
{
	__asm__ volatile("sti\n nop\n cli" ::: "memory");
}

void arch_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

void arch_stop(void)
{
	for (;;)
		__asm__ volatile("cli\n hlt" ::: "memory");
}

void arch_interrupt_cpu(u16 cpu)
{
	apic_send(AT(cpus, cpu).arch.apic_id, APIC_ASK);
}

void arch_stop_others(void)
{
	if (cpu_count > 1)
		apic_send_others(APIC_NMI);
}

void arch_poweroff(u32 code)
{
	out32(EXIT_PORT, code);
	arch_stop();
}

err_t port_access(u16 port, u32 operation, u32 value, u32 *result)
{
	*result = 0;
	switch (operation) {
	case IO_OPERATION_READ8: *result = in8(port); return OK;
	case IO_OPERATION_READ16: *result = in16(port); return OK;
	case IO_OPERATION_READ32: *result = in32(port); return OK;
	case IO_OPERATION_WRITE8: out8(port, (u8)value); return OK;
	case IO_OPERATION_WRITE16: out16(port, (u16)value); return OK;
	case IO_OPERATION_WRITE32: out32(port, value); return OK;
	}
	return ERR_INVALID;
}
