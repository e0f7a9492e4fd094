// SPDX-License-Identifier: MIT
// float.c - floating-point and vector registers. A thread has none until it first uses them (trap
// by CR0.TS); from then on they are switched whenever another thread that uses them runs. While
// threads without them run, the registers stay where they are and the trap is set.
// Manual: Intel SDM volume 1, chapters 10 and 13.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/memory/frame.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"

// The part of the save area that has a meaning to us.
struct float_area {
	u16 control;
	u16 status;
	u8 legacy1[20];
	u32 simd_control;
	u32 simd_control_mask;
	u8 legacy2[480];
	u64 present; // XSTATE_BV
	u64 header[7];
	u8 extended[PAGE_SIZE - 576];
};
static_assert(sizeof(struct float_area) == PAGE_SIZE);

constexpr u16 CONTROL_START = 0x37f;
constexpr u32 SIMD_CONTROL_START = 0x1f80, SIMD_CONTROL_MASK = 0xffff;
constexpr u64 STATE_WANTED = 0xe7; // x87, SSE, AVX, AVX-512
constexpr u64 STATE_AVX512 = 0xe0;
constexpr u32 LEGACY_SIZE = 512;

void float_find(void)
{
	features.float_size = LEGACY_SIZE;
	features.float_mask = 3;
	if (!features.has_xsave)
		return;
	u64 mask = cpuid(0xd, 0).a & STATE_WANTED;
	if ((mask & STATE_AVX512) != STATE_AVX512)
		mask &= ~STATE_AVX512;
	__asm__ volatile("xsetbv" ::"c"(0), "a"((u32)mask), "d"(0));
	features.float_mask = mask;
	features.float_size = cpuid(0xd, 0).b;
	assert(features.float_size <= PAGE_SIZE);
}

static void trap_off(struct cpu_arch *cpu)
{
	if (!cpu->float_trap)
		return;
	__asm__ volatile("clts");
	cpu->float_trap = false;
}

static void trap_on(struct cpu_arch *cpu)
{
	if (cpu->float_trap)
		return;
	cr0_write(CR0_KERNEL | CR0_TASK_SWITCHED);
	cpu->float_trap = true;
}

static void save(struct float_area *area)
{
	u32 mask = (u32)features.float_mask;
	if (features.has_xsave)
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(mask), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static void restore(const struct float_area *area)
{
	u32 mask = (u32)features.float_mask;
	if (features.has_xsave)
		__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(mask), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

// What the registers hold after reset, as the save instructions would write it.
alignas(PAGE_SIZE) static const
	struct float_area start_area = { .control = CONTROL_START, .simd_control = SIMD_CONTROL_START };

static err_t area_create(struct thread *thread)
{
	TRY(quota_charge_pages(thread->process->quota, 1));
	paddr_t frame;
	err_t err = frame_alloc(0, FRAME_KERNEL, &frame);
	if (err != OK) {
		quota_return_pages(thread->process->quota, 1);
		return err;
	}
	thread->arch.float_area = frame_address(frame);
	page_copy(NOT_NULL(thread->arch.float_area), &start_area);
	return OK;
}

// Brings the memory copy up to date and leaves the CPU's registers without an owner.
static void give_up(struct cpu_arch *cpu)
{
	if (!cpu->float_owner)
		return;
	trap_off(cpu);
	save(cpu->float_owner->arch.float_area);
	cpu->float_owner = nullptr;
}

void float_switch(struct thread *to)
{
	struct cpu_arch *cpu = &cpu_self()->arch;
	if (!to->uses_float) {
		trap_on(cpu);
		return;
	}
	trap_off(cpu);
	if (cpu->float_owner == to)
		return;
	give_up(cpu);
	restore(to->arch.float_area);
	cpu->float_owner = to;
}

void float_first_use(struct thread *thread)
{
	if (!thread->uses_float) {
		if (!thread->arch.float_area && area_create(thread) != OK) {
			thread_fault(thread, UPCALL_BUS_ERROR, thread->registers.rip,
				(u64)-ERR_NO_MEMORY * FAULT_REASON);
			return;
		}
		thread->uses_float = true;
	}
	float_switch(thread);
}

void float_evict(struct thread *thread)
{
	struct cpu_arch *cpu = &cpu_self()->arch;
	if (cpu->float_owner != thread)
		return;
	give_up(cpu);
	trap_on(cpu);
}

void float_fini(struct thread *thread)
{
	struct cpu_arch *cpu = &cpu_self()->arch;
	if (cpu->float_owner == thread) {
		cpu->float_owner = nullptr; // a new program begins: its registers are not wanted
		trap_on(cpu);
	}
	for (u32 i = 0; i < CPU_MAX; i++)
		assert(AT(cpus, i).arch.float_owner != thread); // sched_forget came before
	thread->uses_float = false;
	if (!thread->arch.float_area)
		return;
	frame_free(frame_of_address(thread->arch.float_area), 0);
	quota_return_pages(thread->process->quota, 1);
	thread->arch.float_area = nullptr;
}

err_t float_clone(struct thread *from, struct thread *to)
{
	if (!from->uses_float)
		return OK;
	TRY(area_create(to));
	struct cpu_arch *cpu = &cpu_self()->arch;
	if (cpu->float_owner == from) {
		trap_off(cpu); // from is running, or will be switched to before user mode
		save(from->arch.float_area);
	}
	page_copy(to->arch.float_area, from->arch.float_area);
	to->uses_float = true;
	return OK;
}

usize arch_float_size(void)
{
	return features.float_size;
}

err_t arch_float_get(struct thread *thread, span_t out)
{
	float_evict(thread);
	const void *area = thread->arch.float_area ? thread->arch.float_area : &start_area;
	return span_copy(out, view_from(area, features.float_size));
}

// What would make xrstor fault is refused.
static err_t area_check(const struct float_area *area)
{
	u64 reserved = 0;
	for (u32 i = 0; i < COUNT(area->header); i++)
		reserved |= AT(area->header, i);
	if (area->simd_control & ~SIMD_CONTROL_MASK)
		return ERR_INVALID;
	if (features.has_xsave && (reserved || area->present & ~features.float_mask))
		return ERR_INVALID;
	return OK;
}

err_t arch_float_set(struct thread *thread, view_t in)
{
	if (in.size != features.float_size)
		return ERR_INVALID;
	float_evict(thread);
	if (!thread->arch.float_area)
		TRY(area_create(thread));
	span_t area = span_from(thread->arch.float_area, features.float_size);
	struct float_area *checked = thread->arch.float_area;
	TRY(span_copy(area, in));
	err_t err = area_check(checked);
	if (err != OK) {
		page_copy(checked, &start_area);
		return err;
	}
	thread->uses_float = true;
	return OK;
}
