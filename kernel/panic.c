// SPDX-License-Identifier: MIT
// panic.c - the kernel's own words, and its last ones. The first CPU to panic stops the others,
// prints and halts; a panic inside that stops at once.
#include "kernel/panic.h"

#include "kernel/arch/arch.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/format.h"

constexpr usize LINE_MAX = 240;
constexpr u32 EXIT_PANIC = 0x7f;

static u32 is_on; // atomic: some CPU panics

static void print_list(const char *text, va_list arguments)
{
	u8 line[LINE_MAX];
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
	return atomic_load_relaxed(&is_on);
}

void panic_begin(void)
{
	if (atomic_exchange_acq_rel(&is_on, 1u))
		arch_stop();
	arch_stop_others();
}

void panic_end(void)
{
	arch_poweroff(EXIT_PANIC);
}

void panic(const char *text, ...)
{
	panic_begin();
	va_list arguments;
	va_start(arguments, text);
	kprint("\nPANIC (cpu %u): ", cpu_self()->id);
	print_list(text, arguments);
	va_end(arguments);
	kprint("\n");
	arch_backtrace();
	panic_end();
}

void assert_failed(const char *expression, const char *file, u32 line)
{
	panic("%s:%u: assertion failed: %s", file, line, expression);
}

[[noreturn]] void __stack_chk_fail(void);

[[noreturn]] void __stack_chk_fail(void)
{
	panic("a stack buffer overran");
}
