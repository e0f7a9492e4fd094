// SPDX-License-Identifier: MIT
// log.h - lines in the system's log (servers/log); without one, on the debug console. For what a
// person should know: calls that do not exist, crashes. Conversions: lib/base/format.h.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// One line, without a newline, preceded by the program's name and pid.
void posix_log(const char *format, ...);
// What cannot be: the process ends with SIGSEGV, after a line in the log.
[[noreturn]] void posix_bug(const char *what);

NONNULL_END
