// SPDX-License-Identifier: MIT
// features.c - what this CPU can do and switching it on. Needed: NX, syscall, FSGSBASE, global
// pages, TSC. Wanted: SMEP, SMAP, UMIP, XSAVE. Manual: Intel SDM volume 1 ch. 20, volume 3 ch. 2.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/panic.h"
#include "lib/base/bits.h"

// Write-combining where write-through was (entry 1), the rest as after reset.
constexpr u64 PAT_VALUE = 0x0007'0106'0007'0106;
// TF IF DF IOPL NT RF AC: off inside the kernel.
constexpr u64 FLAGS_CLEARED = FLAG_TRAP | FLAG_INTERRUPT | FLAG_DIRECTION | FLAG_IOPL |
                              FLAG_NESTED | FLAG_RESUME | FLAG_ALIGNMENT;

struct features features; // written at boot by the first CPU
u8 smap_is_on;            // the same

static void need(bool is_there, const char *name)
{
	if (!is_there)
		panic("this CPU lacks %s, without which Carbide cannot run", name);
}

void features_find(void)
{
	u32 last = cpuid(0, 0).a;
	struct cpuid basic = cpuid(1, 0);
	struct cpuid more = last >= 7 ? cpuid(7, 0) : (struct cpuid){};
	struct cpuid extended = cpuid(0x80000001, 0);
	need(bits_test(basic.d, 4), "the time-stamp counter (TSC)");
	need(bits_test(basic.d, 9), "a local APIC");
	need(bits_test(basic.d, 13), "global pages (PGE)");
	need(bits_test(basic.d, 16), "page attributes (PAT)");
	need(bits_test(basic.d, 24), "FXSAVE");
	need(bits_test(extended.d, 11), "the syscall instruction");
	need(bits_test(extended.d, 20), "no-execute pages (NX)");
	need(bits_test(more.b, 0), "FSGSBASE (QEMU: -cpu max)");
	features.has_smep = bits_test(more.b, 7);
	features.has_smap = bits_test(more.b, 20);
	features.has_umip = bits_test(more.c, 2);
	features.has_xsave = bits_test(basic.c, 26);
	features.has_x2apic = bits_test(basic.c, 21);
	features.has_tsc_deadline = bits_test(basic.c, 24);
	features.has_rdrand = bits_test(basic.c, 30);
}

static void enable_system_calls(void)
{
	msr_write(MSR_EFER, msr_read(MSR_EFER) | 1 | 1 << 11); // SCE, NXE
	msr_write(MSR_STAR, (u64)SELECTOR_USER_BASE << 48 | (u64)SELECTOR_KERNEL_CODE << 32);
	msr_write(MSR_LSTAR, (u64)(uintptr_t)syscall_entry);
	msr_write(MSR_FMASK, FLAGS_CLEARED);
}

void features_enable(void)
{
	u64 cr4 = CR4_PAE | CR4_MACHINE_CHECK | CR4_GLOBAL_PAGES | CR4_FXSAVE | CR4_SIMD_EXCEPTIONS |
	          CR4_FSGSBASE;
	cr4 |= features.has_umip ? CR4_UMIP : 0;
	cr4 |= features.has_smep ? CR4_SMEP : 0;
	cr4 |= features.has_smap ? CR4_SMAP : 0;
	cr4 |= features.has_xsave ? CR4_XSAVE : 0;
	cr4_write(cr4);
	cr0_write(CR0_KERNEL);
	msr_write(MSR_PAT, PAT_VALUE);
	enable_system_calls();
	smap_is_on = features.has_smap;
	float_find();
}
