// SPDX-License-Identifier: MIT
// root.h - the first program: the ELF file inside the kernel image (root_image.S, made by the
// build).
#pragma once

#include "lib/base/attributes.h"

NONNULL_BEGIN
struct boot_info;
void root_start(const struct boot_info *info); // panics when it cannot: without it there is nothing
NONNULL_END
