// SPDX-License-Identifier: MIT
// support.h - stands in for the kernel's header when the compiler is tested alone.
#pragma once

#include "abi/registers.h"
#include "kernel/object/handle.h"
#include "kernel/object/object.h"
#include "lib/base/view.h"

NONNULL_BEGIN

static inline err_t support_lookup(struct thread *caller, u64 value, enum object_kind kind,
	u32 rights, struct object *_Nullable *_Nonnull out)
{
	if (value > UINT32_MAX)
		return ERR_BAD_HANDLE;
	return handle_lookup(caller, (handle_t){ (u32)value }, kind, rights, out);
}

static inline u64 registers_argument(const struct thread_registers *regs, u32 i)
{
	const u64 all[] = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9 };
	return AT(all, i);
}

static inline void registers_result(struct thread_registers *regs, u32 i, u64 value)
{
	*(i == 0 ? &regs->rdx : &regs->r8) = value;
}

NONNULL_END
