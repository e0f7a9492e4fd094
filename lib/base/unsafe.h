// SPDX-License-Identifier: MIT
// unsafe.h - the fence around pointer arithmetic, raw indexing and casts that change meaning.
// Everything else is compiled with -Wunsafe-buffer-usage as an error. The number of regions is
// counted and may only fall, so hide a region inside an accessor that checks.
#pragma once

#include "abi/types.h"

#define UNSAFE_BEGIN(why) _Pragma("clang unsafe_buffer_usage begin")
#define UNSAFE_END _Pragma("clang unsafe_buffer_usage end")

// What assembly may write through its operands, which the analyser cannot see: said by a function
// that exists nowhere, behind `if (IS_ANALYSED)`.
void assembly_may_write(u64 first, ...);
