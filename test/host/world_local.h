// SPDX-License-Identifier: MIT
// world_local.h - what the files of the harness share.
#pragma once

void world_idle_hook(void);
