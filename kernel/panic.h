// SPDX-License-Identifier: MIT
// panic.h - the end: a broken invariant inside the kernel. Prints registers and a symbolised
// backtrace on the serial port and the screen, stops every CPU.
#pragma once

#include "lib/base/attributes.h"

NONNULL_BEGIN
[[noreturn]] void panic(const char *format, ...);
void kprint(const char *format, ...); // debug console; conversions of lib/base/format.h
bool panic_is_on(void);
// What panic is made of, for traps that print registers in between.
void panic_begin(void); // returns on one CPU only
[[noreturn]] void panic_end(void);
NONNULL_END
