// SPDX-License-Identifier: MIT
// output.h - the test kernel's mouth: COM1 and QEMU's isa-debug-exit.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

void output_text(const char *text);
void output_number(const char *before, u64 value);
NORETURN void output_exit(u32 code); // QEMU ends with 2 * code + 1

NONNULL_END
