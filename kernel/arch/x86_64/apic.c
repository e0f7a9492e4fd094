// SPDX-License-Identifier: MIT
// apic.c - this CPU's interrupt controller: end of interrupt, messages between CPUs, its counter.
// Registers by memory, or by MSRs when the firmware left it in x2APIC mode.
// Manual: Intel SDM volume 3, chapter 10.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"

enum apic_register : u32 {
	APIC_ID = 0x20,
	APIC_TASK_PRIORITY = 0x80,
	APIC_END = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_COMMAND = 0x300,
	APIC_COMMAND_TARGET = 0x310,
	APIC_TIMER = 0x320,
	APIC_LINE0 = 0x350,
	APIC_LINE1 = 0x360,
	APIC_ERROR = 0x370,
	APIC_TIMER_START = 0x380,
	APIC_TIMER_LEFT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

constexpr u32 APIC_MASKED = 1 << 16, APIC_TIMER_DEADLINE = 2 << 17, APIC_BUSY = 1 << 12;
constexpr u32 APIC_TO_OTHERS = 3 << 18, APIC_ASSERT = 1 << 14;
constexpr u64 APIC_BASE_X2 = 1 << 10;

static void *_Nullable base; // set once at boot; null: x2APIC

static u32 apic_read(enum apic_register offset)
{
	return base ? mmio_read(base, offset) : (u32)msr_read(MSR_X2APIC + offset / 16);
}

static void apic_write(enum apic_register offset, u32 value)
{
	if (base)
		mmio_write(base, offset, value);
	else
		msr_write(MSR_X2APIC + offset / 16, value);
}

u32 apic_id(void)
{
	return base ? apic_read(APIC_ID) >> 24 : apic_read(APIC_ID);
}

void apic_init(const struct boot_info *info)
{
	if (features.has_x2apic && msr_read(MSR_APIC_BASE) & APIC_BASE_X2)
		return;
	if (!info->local_apic_paddr)
		panic("the firmware tells of no local APIC");
	base = kernel_map_device((paddr_t){ info->local_apic_paddr }, PAGE_SIZE);
	if (!base)
		panic("no room to map the local APIC");
}

void apic_init_cpu(void)
{
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LINE0, APIC_MASKED);
	apic_write(APIC_LINE1, APIC_NMI); // where the machine's NMI comes in, SDM 10.5.1
	apic_write(APIC_ERROR, APIC_MASKED);
	apic_write(APIC_TIMER_DIVIDE, 3); // by 16
	apic_write(APIC_TIMER, VECTOR_TIMER | (features.has_tsc_deadline ? APIC_TIMER_DEADLINE : 0));
	apic_write(APIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS); // on
	__asm__ volatile("mfence" ::: "memory"); // timer mode before the first deadline, SDM 10.5.4.1
	cpu_self()->arch.apic_id = apic_id();
}

void apic_end_interrupt(void)
{
	apic_write(APIC_END, 0);
}

static void command(u32 target, u32 message)
{
	if (!base) {
		msr_write(MSR_X2APIC + APIC_COMMAND / 16, (u64)target << 32 | message);
		return;
	}
	while (apic_read(APIC_COMMAND) & APIC_BUSY)
		arch_relax();
	apic_write(APIC_COMMAND_TARGET, target << 24);
	apic_write(APIC_COMMAND, message);
}

void apic_send(u32 target, u32 message)
{
	command(target, message | APIC_ASSERT);
}

void apic_send_others(u32 message)
{
	command(0, message | APIC_ASSERT | APIC_TO_OTHERS);
}

void apic_timer_set(u32 count)
{
	apic_write(APIC_TIMER_START, count);
}

u32 apic_timer_left(void)
{
	return apic_read(APIC_TIMER_LEFT);
}
