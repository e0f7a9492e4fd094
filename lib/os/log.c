// SPDX-License-Identifier: MIT
// log.c - see log.h.
#include "lib/os/log.h"

#include "lib/base/format.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

static void say_on_console(view_t line)
{
	handle_t console = start_handle("console");
	if (!console.raw)
		return;
	(void)console_write(console, line);
	(void)console_write(console, VIEW_TEXT("\n"));
}

void log_text(enum log_severity severity, view_t line)
{
	log_t log = { start_handle("log") };
	if (!log.handle.raw || log_write(log, severity, line) != OK)
		say_on_console(line);
}

void log_line(enum log_severity severity, const char *format, ...)
{
	u8 line[LOG_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	usize size = format_list(span_of(line), format, arguments);
	va_end(arguments);
	log_text(severity, view_clamp(view_of(line), 0, size));
}
