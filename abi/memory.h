// SPDX-License-Identifier: MIT
// memory.h - what the kernel tells of the contents of a memory object, such as a file's.
#pragma once

#include "abi/types.h"

constexpr u64 MEMORY_APPEND = UINT64_MAX;      // memory_write: at the length, whole and atomic
constexpr u64 MEMORY_APPEND_MAX = 1024 * 1024; // bytes; of more only these are written

// Where memory_control(publish) said: written at each change, each word whole, never read.
struct memory_status {
	u64 length;      // bytes
	u64 modified_ns; // of the last memory_write or resize, monotonic; 0: never
};
static_assert(sizeof(struct memory_status) == 16);
