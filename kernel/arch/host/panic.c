// SPDX-License-Identifier: MIT
// panic.c - in place of kernel/panic.c: the words, then abort, so that sanitizers and the fuzzer
// report where it was. is_quiet: a fuzzer kills programs by the million, without a word each.
#include "kernel/panic.h"

#include <stdlib.h>

#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/sched/cpu.h"
#include "lib/base/format.h"

static void print_list(const char *text, va_list arguments)
{
	u8 line[240];
	usize size = format_list(span_of(line), text, arguments);
	console_put(view_clamp(view_of(line), 0, size));
}

void kprint(const char *text, ...)
{
	va_list arguments;
	va_start(arguments, text);
	print_list(text, arguments);
	va_end(arguments);
}

bool panic_is_on(void)
{
	return false;
}

void panic_begin(void)
{
}

void panic_end(void)
{
	abort();
}

void panic(const char *text, ...)
{
	host.is_quiet = false;
	va_list arguments;
	va_start(arguments, text);
	print_list("\nPANIC: ", arguments);
	print_list(text, arguments);
	va_end(arguments);
	console_put(VIEW_TEXT("\n"));
	abort();
}
