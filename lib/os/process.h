// SPDX-License-Identifier: MIT
// process.h - this process: its end, and its words.
#pragma once

#include "abi/errors.h"
#include "lib/base/view.h"

NONNULL_BEGIN
[[noreturn]] void program_exit(u64 code);
// Says why on the console and ends with code 134, as abort does elsewhere.
[[noreturn]] void program_abort(const char *why);
// Text to the debug console if the program was given one, else a line to the log. Conversions:
// lib/base/format.h.
void print(const char *format, ...);
void print_view(view_t text);
u64 clock_read(void); // monotonic nanoseconds; no system call when the time page was given
err_t sleep_until(u64 deadline_ns);
NONNULL_END
