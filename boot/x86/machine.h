// SPDX-License-Identifier: MIT
// machine.h - the processor's instructions that C does not have. Loader only (32-bit x86).
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

constexpr u16 MACHINE_PIT_COUNTER = 0x40;

static inline void machine_out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 machine_in8(u16 port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u64 machine_tsc(void)
{
	u64 value;
	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}

struct machine_cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct machine_cpuid machine_cpuid(u32 leaf)
{
	struct machine_cpuid out;
	__asm__ volatile("cpuid"
		: "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx)
		: "a"(leaf), "c"(0));
	return out;
}

bool machine_has_rdrand(void);
u64 machine_rdrand(void); // 0 where there is none or it fails

// What is missing for the kernel, in words; null when nothing is.
const char *_Nullable machine_missing(void);

// A table of exception handlers that report and halt.
void machine_init_exceptions(void);
NORETURN void machine_halt(void);

// Filled by the loader, read by trampoline.S.
struct trampoline_values {
	u64 root; // physical address of the top page table, below 4 GiB
	u64 entry;
	u64 boot_info;
	u64 cr4;
};
extern struct trampoline_values trampoline_values;
NORETURN void trampoline_enter(void);

NONNULL_END
