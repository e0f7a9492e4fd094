// SPDX-License-Identifier: MIT
// main.h - where the architecture enters the portable kernel, once on each CPU.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
struct boot_info;
[[noreturn]] void kernel_main(const struct boot_info *info);
[[noreturn]] void cpu_main(u16 id); // after cpu_init(id) and the architecture's own set-up
NONNULL_END
