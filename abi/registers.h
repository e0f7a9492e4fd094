// SPDX-License-Identifier: MIT
// registers.h - a thread's registers as thread_registers shows and takes them, in this order on
// x86_64. Kernel: the first part is where a thread's registers are saved on kernel entry.
#pragma once

#include "abi/types.h"

struct thread_registers {
	u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rip, rflags;
	u64 fs_base, gs_base;
};
static_assert(sizeof(struct thread_registers) == 160);
