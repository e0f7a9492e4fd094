// SPDX-License-Identifier: MIT
// instructions.h - the privileged instructions that have no name in C. Manual: Intel SDM volume 2.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"
#include "lib/base/unsafe.h"

NONNULL_BEGIN

enum flag : u64 {
	FLAG_ALWAYS = 1 << 1,
	FLAG_TRAP = 1 << 8,
	FLAG_INTERRUPT = 1 << 9,
	FLAG_DIRECTION = 1 << 10,
	FLAG_IOPL = 3 << 12,
	FLAG_NESTED = 1 << 14,
	FLAG_RESUME = 1 << 16,
	FLAG_ALIGNMENT = 1 << 18,
};

enum cr0_bit : u64 {
	CR0_TASK_SWITCHED = 1 << 3,
	CR0_KERNEL = 1 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 16 | 1ull << 31, // PE MP ET NE WP PG
};

enum cr4_bit : u64 {
	CR4_PAE = 1 << 5,
	CR4_MACHINE_CHECK = 1 << 6,
	CR4_GLOBAL_PAGES = 1 << 7,
	CR4_FXSAVE = 1 << 9,
	CR4_SIMD_EXCEPTIONS = 1 << 10,
	CR4_UMIP = 1 << 11,
	CR4_FSGSBASE = 1 << 16,
	CR4_XSAVE = 1 << 18,
	CR4_SMEP = 1 << 20,
	CR4_SMAP = 1 << 21,
};

enum msr : u32 {
	MSR_APIC_BASE = 0x1b,
	MSR_PAT = 0x277,
	MSR_TSC_DEADLINE = 0x6e0,
	MSR_X2APIC = 0x800,
	MSR_EFER = 0xc0000080,
	MSR_STAR = 0xc0000081,
	MSR_LSTAR = 0xc0000082,
	MSR_FMASK = 0xc0000084,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102,
};

struct cpuid {
	u32 a, b, c, d;
};

ALWAYS_INLINE struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid out;
	__asm__ volatile("cpuid"
		: "=a"(out.a), "=b"(out.b), "=c"(out.c), "=d"(out.d)
		: "a"(leaf), "c"(subleaf));
	return out;
}

ALWAYS_INLINE u64 msr_read(u32 msr)
{
	u32 low, high;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

ALWAYS_INLINE void msr_write(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

#define CONTROL_REGISTER(name)                                                                     \
	ALWAYS_INLINE u64 name##_read(void)                                                            \
	{                                                                                              \
		u64 value;                                                                                 \
		__asm__ volatile("movq %%" #name ", %0" : "=r"(value)::"memory");                          \
		return value;                                                                              \
	}                                                                                              \
	ALWAYS_INLINE void name##_write(u64 value)                                                     \
	{                                                                                              \
		__asm__ volatile("movq %0, %%" #name ::"r"(value) : "memory");                             \
	}
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

ALWAYS_INLINE u64 fs_base_read(void)
{
	u64 value;
	__asm__ volatile("rdfsbase %0" : "=r"(value));
	return value;
}

ALWAYS_INLINE void fs_base_write(u64 value)
{
	__asm__ volatile("wrfsbase %0" ::"r"(value));
}

ALWAYS_INLINE u64 tsc_read(void)
{
	u32 low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
}

ALWAYS_INLINE void page_invalidate(u64 address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

ALWAYS_INLINE u8 in8(u16 port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

ALWAYS_INLINE u16 in16(u16 port)
{
	u16 value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

ALWAYS_INLINE u32 in32(u16 port)
{
	u32 value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

ALWAYS_INLINE void out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

ALWAYS_INLINE void out16(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

ALWAYS_INLINE void out32(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

// A register of a controller, base from kernel_map_device.
ALWAYS_INLINE u32 mmio_read(volatile void *base, usize offset)
{
	UNSAFE_BEGIN("offset is a constant from the controller's manual")
	return *(volatile u32 *)((volatile u8 *)base + offset);
	UNSAFE_END
}

ALWAYS_INLINE void mmio_write(volatile void *base, usize offset, u32 value)
{
	UNSAFE_BEGIN("offset is a constant from the controller's manual")
	*(volatile u32 *)((volatile u8 *)base + offset) = value;
	UNSAFE_END
}

NONNULL_END
