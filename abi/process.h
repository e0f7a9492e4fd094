// SPDX-License-Identifier: MIT
// process.h - what process_create takes besides a level.
#pragma once

#include "abi/types.h"

// Added to the level: the new process has the caller's address space and a copy of its handles.
constexpr u32 PROCESS_SHARED = 0x100;
