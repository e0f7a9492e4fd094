// SPDX-License-Identifier: MIT
// bios.h - calls into the firmware of a PC.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 BIOS_CARRY = 1; // in flags: the call failed

// Of one call, before and after. start.S knows the offsets.
struct bios_registers {
	u32 eax, ebx, ecx, edx, esi, edi;
	u32 es; // a segment: paragraphs of 16 bytes. ds is 0
	u32 flags;
};

// 16-bit mode, interrupts on, until the firmware answers.
void bios_interrupt(u32 number, struct bios_registers *registers);

static inline bool bios_failed(const struct bios_registers *registers)
{
	return registers->flags & BIOS_CARRY;
}

// An object of this program, all of which lies in the first 64 KiB.
#define bios_offset(object) ((u32)(uintptr_t)&(object))

static inline span_t bios_memory(u32 paddr, u32 size)
{
	UNSAFE_BEGIN("flat segments, no paging; callers know what lies there")
	return span_from((void *)(uintptr_t)paddr, size);
	UNSAFE_END
}

NONNULL_END
