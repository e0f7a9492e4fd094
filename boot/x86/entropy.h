// SPDX-License-Identifier: MIT
// entropy.h - random numbers for the places of kernel and direct map, and seeds for the kernel.
#pragma once

#include "boot/boot_info.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

struct entropy {
	u64 state;
};

// Gathers from the processor's generator, the time stamps of I/O, and both time stamps of entry.
void entropy_init(struct entropy *entropy, struct boot_info *info);
void entropy_absorb(struct entropy *entropy, u64 word);
u64 entropy_next(struct entropy *entropy);

NONNULL_END
