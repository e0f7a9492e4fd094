// SPDX-License-Identifier: MIT
// process.c - this process: its end, its words, its clock.
#include "lib/os/process.h"

#include "abi/info.h"
#include "abi/thread.h"
#include "lib/base/atomic.h"
#include "lib/base/format.h"
#include "lib/os/log.h"
#include "lib/os/start.h"
#include "os/syscalls.h"

constexpr u64 EXIT_ABORT = 134;
constexpr usize LINE_SIZE = 512;

[[noreturn]] void program_exit(u64 code)
{
	(void)task_exit(EXIT_SCOPE_PROCESS, code, 0);
	__builtin_trap();
}

[[noreturn]] void program_abort(const char *why)
{
	print("abort: %s\n", why);
	program_exit(EXIT_ABORT);
}

void print_view(view_t text)
{
	handle_t console = start_handle("console");
	if (!text.size)
		return;
	if (console.raw)
		(void)console_write(console, text);
	else
		log_text(LOG_SEVERITY_INFO, view_clamp(text, 0, view_find(text, '\n')));
}

void print(const char *format, ...)
{
	u8 line[LINE_SIZE];
	va_list arguments;
	va_start(arguments, format);
	usize size = format_list(span_of(line), format, arguments);
	va_end(arguments);
	print_view(view_clamp(view_of(line), 0, size));
}

static const struct time_page *_Nullable time_page(void)
{
	static const struct time_page *page; // written once; a race maps it twice, harmless
	if (page)
		return page;
	handle_t memory = start_handle("time");
	u64 address;
	if (!memory.raw || memory_map(HANDLE_NONE, memory, 0, PAGE_SIZE, 0,
						   MAP_FLAGS_READ | MAP_FLAGS_SHARED, &address) != OK)
		return nullptr;
	UNSAFE_BEGIN("the kernel mapped the time page there")
	page = (const struct time_page *)address;
	UNSAFE_END
	return page;
}

static u64 scale(u64 ticks, u64 factor, u32 shift)
{
	return (u64)((unsigned __int128)ticks * factor >> shift);
}

u64 clock_read(void)
{
	const struct time_page *page = time_page();
	u32 sequence;
	u64 now;
	if (!page)
		return 0;
	do {
		sequence = atomic_load_acquire(&page->sequence); // pairs with the kernel's writer
		u64 ticks = __builtin_ia32_rdtsc() - page->tsc_base;
		now = scale(ticks, page->scale, page->shift) + page->ns_base;
		atomic_fence_acquire();
	} while (sequence & 1 || atomic_load_relaxed(&page->sequence) != sequence);
	return now;
}

err_t sleep_until(u64 deadline_ns)
{
	u32 observed;
	return object_wait(HANDLE_NONE, 0, deadline_ns, &observed);
}
