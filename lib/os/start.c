// SPDX-License-Identifier: MIT
// start.c - from the first instruction to main, and from there to the exit.
#include "lib/os/start.h"

#include "lib/os/process.h"
#include "os/syscalls.h"

// Written once before main; the compiler's prologues compare against it.
u64 __stack_chk_guard = 0x595e9fbd94fda766;
[[noreturn]] void os_start(const struct start_info *info);
[[noreturn]] void __stack_chk_fail(void);

[[noreturn]] void __stack_chk_fail(void)
{
	program_abort("stack overrun");
}

[[noreturn]] void assert_failed(const char *expression, const char *file, u32 line)
{
	(void)file;
	(void)line;
	program_abort(expression);
}

[[gnu::no_stack_protector]] [[noreturn]] void os_start(const struct start_info *info)
{
	if (info->magic != START_MAGIC)
		__builtin_trap();
	start_adopt(info);
	handle_t former = start_handle("former"); // of a life that ended: nothing else is done with it
	if (former.raw)
		(void)handle_close(former);
	__stack_chk_guard = AT(info->random, 0) & ~0xffull; // a zero byte stops string overruns
	program_exit((u64)main());
}
