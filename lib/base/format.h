// SPDX-License-Identifier: MIT
// format.h - numbers and strings into text, in memory that the caller has. Nothing is written
// beyond the span and no final zero is added; the result is the length that all of it has, so a
// result above span.size says that the end was cut off.
#pragma once

#include <stdarg.h>

#include "lib/base/view.h"

NONNULL_BEGIN

// %d %u %x   i32, u32, u32 in hexadecimal; with l (%lx): 64 bits; with z (%zu): usize
// %p         a pointer or uintptr_t, as 0x and 16 digits (8 on a 32-bit machine)
// %s %c %v   const char * (null: "(null)"), one byte, const view_t *
// %e         err_t, its name
// %%         a percent sign
// Between % and the letter: - (left), 0 (pad with zeros), a width of at most 99. Anything else is
// copied as it stands and takes no argument.
usize format(span_t to, const char *format, ...);
usize format_list(span_t to, const char *format, va_list arguments);

// The part of the span that was written.
view_t format_view(span_t to, const char *format, ...);

NONNULL_END
