// SPDX-License-Identifier: MIT
// log.c - see log.h; also what the compiler's own checks call.
#include "lib/posix/core/log.h"

#include "ifc/log.h"
#include "lib/base/format.h"
#include "lib/posix/core/posix.h"
#include "lib/posix/linux/signal.h"
#include "os/syscalls.h"

constexpr usize LINE_SIZE = 512;

static void write_line(span_t line, usize size)
{
	const struct core_state *core = &posix_self()->core;
	view_t text = view_clamp(span_view(line), 0, size < line.size ? size : line.size - 1);
	if (core->log.raw && log_write((log_t){ core->log }, LOG_SEVERITY_WARNING, text) == OK)
		return;
	if (!core->console.raw)
		return;
	*span_at(line, text.size) = '\n';
	(void)console_write(core->console, view_clamp(span_view(line), 0, text.size + 1));
}

void posix_log(const char *format_text, ...)
{
	u8 line[LINE_SIZE];
	const struct identity *identity = &posix_self()->identity;
	view_t name = view_clamp(view_of(identity->program.name), 0, sizeof identity->program.name - 1);
	name = view_clamp(name, 0, view_find(name, 0));
	usize size = format(span_of(line), "%v[%u]: ", &name, identity->pid);
	va_list arguments;
	va_start(arguments, format_text);
	size += format_list(span_from_offset(span_of(line), size), format_text, arguments);
	va_end(arguments);
	write_line(span_of(line), size);
}

[[noreturn]] void posix_bug(const char *what)
{
	posix_log("the POSIX library failed: %s", what);
	(void)task_exit(EXIT_SCOPE_PROCESS, SIGSEGV, 0);
	__builtin_trap();
}

[[noreturn]] void __stack_chk_fail(void);
[[noreturn]] void __stack_chk_fail(void)
{
	posix_bug("stack overrun");
}

[[noreturn]] void assert_failed(const char *expression, const char *file, u32 line)
{
	posix_log("%s:%u: %s", file, line, expression);
	posix_bug("assertion");
}
