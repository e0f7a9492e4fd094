// SPDX-License-Identifier: MIT
// block.h - this thread's thread block (abi/thread.h): GS base leads to it.
#pragma once

#include "abi/thread.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

ALWAYS_INLINE struct thread_block *block_self(void)
{
	struct thread_block *self;
	__asm__("movq %%gs:%c1, %0" : "=r"(self) : "i"(offsetof(struct thread_block, self)));
	return self;
}

NONNULL_END
