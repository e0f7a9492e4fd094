// SPDX-License-Identifier: MIT
// descriptors.c - segments, task state and interrupt gates, and the stacks of each CPU. One GDT and
// TSS for each CPU, one IDT for all. Manual: Intel SDM volume 3, chapters 3, 6 and 7.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "lib/base/view.h"

constexpr usize STACK_SIZE = IS_DEBUG ? 65536 : 16384, PARANOID_SIZE = IS_DEBUG ? 16384 : 4096;

struct PACKED task_state {
	u32 zero0;
	u64 stack[3]; // [0]: for traps from user mode
	u64 zero1;
	u64 ist[7];
	u64 zero2;
	u16 zero3;
	u16 io_map;
};

struct gate {
	u16 offset_low;
	u16 selector;
	u8 stack; // 0: stay, or take task_state.stack[0]; else ist[stack - 1]
	u8 type;
	u16 offset_middle;
	u32 offset_high;
	u32 zero;
};

struct PACKED table_pointer {
	u16 limit;
	u64 base;
};

enum gate_type : u8 { GATE_KERNEL = 0x8e, GATE_USER = 0xee };
enum paranoid : u8 { PARANOID_NMI, PARANOID_DOUBLE_FAULT, PARANOID_MACHINE_CHECK, PARANOID_COUNT };

struct paranoid_stack {
	u8 space[PARANOID_SIZE - 16];
	struct cpu *cpu; // trap_entry.S reads it
	u64 zero;
};

// The guard pages are unmapped by stack_guards_init: an overflow becomes a double fault.
struct stacks {
	u8 guard[PAGE_SIZE];
	u8 main[STACK_SIZE];
	struct paranoid_stack paranoid[PARANOID_COUNT];
};

alignas(4096) static struct stacks stacks[CPU_MAX];
alignas(16) static struct task_state tasks[CPU_MAX]; // each written once by its own CPU
static u64 segments[CPU_MAX][8];                     // the same
static struct gate gates[256];                       // written once by the first CPU

static u64 address_of(const void *object)
{
	return (u64)(uintptr_t)object;
}

static u64 end_of(span_t memory)
{
	return address_of(memory.data) + memory.size;
}

u64 descriptors_stack_top(u16 cpu)
{
	return end_of(span_of(AT(stacks, cpu).main));
}

static void set_gate(u32 vector, u8 type, u8 stack)
{
	u64 stub = address_of(trap_stubs) + vector * 16;
	AT(gates, vector) = (struct gate){
		.offset_low = (u16)stub,
		.selector = SELECTOR_KERNEL_CODE,
		.stack = stack,
		.type = type,
		.offset_middle = (u16)(stub >> 16),
		.offset_high = (u32)(stub >> 32),
	};
}

static void fill_gates(void)
{
	for (u32 vector = 0; vector < COUNT(gates); vector++)
		set_gate(vector, GATE_KERNEL, 0);
	set_gate(VECTOR_BREAKPOINT, GATE_USER, 0);
	set_gate(VECTOR_OVERFLOW, GATE_USER, 0);
	set_gate(VECTOR_NMI, GATE_KERNEL, PARANOID_NMI + 1);
	set_gate(VECTOR_DOUBLE_FAULT, GATE_KERNEL, PARANOID_DOUBLE_FAULT + 1);
	set_gate(VECTOR_MACHINE_CHECK, GATE_KERNEL, PARANOID_MACHINE_CHECK + 1);
}

static void fill_task(struct cpu *cpu)
{
	struct task_state *task = &AT(tasks, cpu->id);
	AT(task->stack, 0) = descriptors_stack_top(cpu->id);
	task->io_map = sizeof(struct task_state); // no I/O port is open to user mode
	for (u32 i = 0; i < PARANOID_COUNT; i++) {
		struct paranoid_stack *stack = &AT(AT(stacks, cpu->id).paranoid, i);
		stack->cpu = cpu;
		AT(task->ist, i) = address_of(&stack->cpu);
	}
}

static void fill_segments(u16 cpu)
{
	u64 task = address_of(&AT(tasks, cpu));
	u64 task_low = (sizeof(struct task_state) - 1) | (task & 0xffffff) << 16 | 0x89ull << 40 |
	               (task >> 24 & 0xff) << 56;
	AT(AT(segments, cpu), 1) = 0x00af9b000000ffff; // kernel code
	AT(AT(segments, cpu), 2) = 0x00cf93000000ffff; // kernel data
	AT(AT(segments, cpu), 3) = 0;                  // sysret to 32-bit code: never
	AT(AT(segments, cpu), 4) = 0x00cff3000000ffff; // user data
	AT(AT(segments, cpu), 5) = 0x00affb000000ffff; // user code
	AT(AT(segments, cpu), 6) = task_low;
	AT(AT(segments, cpu), 7) = task >> 32;
}

static void load(u16 cpu)
{
	struct table_pointer gdt = { sizeof(segments[0]) - 1, address_of(&AT(segments, cpu)) };
	struct table_pointer idt = { sizeof(gates) - 1, address_of(gates) };
	__asm__ volatile("lgdt %0\n"
					 "pushq %q2\n"
					 "leaq 1f(%%rip), %%rax\n"
					 "pushq %%rax\n"
					 "lretq\n"
					 "1:\n"
					 "movl %3, %%ss\n"
					 "xorl %%eax, %%eax\n"
					 "movl %%eax, %%ds\n"
					 "movl %%eax, %%es\n"
					 "movl %%eax, %%fs\n"
					 "movl %%eax, %%gs\n"
					 "ltr %w4\n"
					 "lidt %1\n"
		:
		: "m"(gdt), "m"(idt), "i"(SELECTOR_KERNEL_CODE), "r"((u32)SELECTOR_KERNEL_DATA),
		"r"(SELECTOR_TASK)
		: "rax", "memory");
}

void descriptors_init(struct cpu *cpu)
{
	if (cpu->id == 0)
		fill_gates();
	fill_task(cpu);
	fill_segments(cpu->id);
	cpu->kernel_stack_top = descriptors_stack_top(cpu->id);
	load(cpu->id);
	msr_write(MSR_KERNEL_GS_BASE, 0);
	msr_write(MSR_GS_BASE, address_of(cpu));
}

void stack_guards_init(void)
{
	for (u32 i = 0; i < CPU_MAX; i++)
		table_unmap_kernel(address_of(AT(stacks, i).guard));
}
