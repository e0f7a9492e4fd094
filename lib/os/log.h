// SPDX-License-Identifier: MIT
// log.h - a line for the log: kept by servers/log with the time and who said it. Who has neither a
// connection "log" nor a console says it to nobody.
#pragma once

#include "ifc/log.h"

NONNULL_BEGIN
// Conversions: lib/base/format.h; no newline. Longer than LOG_LINE_MAX: cut.
void log_line(enum log_severity severity, const char *format, ...);
void log_text(enum log_severity severity, view_t line);
NONNULL_END
