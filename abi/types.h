// SPDX-License-Identifier: MIT
// types.h - the plain values that kernel and programs share: fixed-width integers, handles.
// Not here: error numbers (errors.h), what the calls are (syscalls.ifc).
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef size_t usize;

constexpr u64 PAGE_SIZE = 4096;
constexpr u64 PAGE_MASK = PAGE_SIZE - 1;
constexpr u64 LARGE_PAGE_SIZE = 2 * 1024 * 1024;

// A name for an object in one process's handle table: slot in the low 20 bits, generation in the
// high 12. Zero is never a valid handle.
typedef struct {
	u32 raw;
} handle_t;

constexpr handle_t HANDLE_NONE = { 0 };
constexpr u64 DEADLINE_NEVER = UINT64_MAX; // nanoseconds of the monotonic clock, as all deadlines
