// SPDX-License-Identifier: MIT
// start.h - the root task's own way in: the kernel hands it a struct root_info instead of what
// lib/os gives to programs, so it makes its start_info itself.
#pragma once

#include "abi/root.h"
#include "lib/os/start.h"

NONNULL_BEGIN
const struct root_info *root_self(void);
view_t root_command_line(void);
u64 root_boot_image_offset(void);
u64 root_boot_image_size(void);
NONNULL_END
