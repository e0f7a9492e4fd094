// SPDX-License-Identifier: MIT
// panic.h - the end: a broken invariant inside the kernel. Prints registers and a symbolised
// backtrace on the serial port and the screen, stops every CPU.
#pragma once

#include "lib/base/attributes.h"

NONNULL_BEGIN
[[noreturn]] void panic(const char *format, ...);
void kprint(const char *format, ...); // debug console; conversions of lib/base/format.h
NONNULL_END
