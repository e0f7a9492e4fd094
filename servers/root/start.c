// SPDX-License-Identifier: MIT
// start.c - replaces lib/os/start.c in this one program (both define os_start).
#include "servers/root/start.h"

#include "abi/root.h"
#include "lib/os/process.h"

// All written once, before main.
u64 __stack_chk_guard = 0x595e9fbd94fda766;
static const struct root_info *root;
static struct start_info start;

[[noreturn]] void os_start(const struct root_info *info);
[[noreturn]] void __stack_chk_fail(void);

[[noreturn]] void __stack_chk_fail(void)
{
	program_abort("stack overrun");
}

[[noreturn]] void assert_failed(const char *expression, const char *file, u32 line)
{
	print("root: %s:%u: %s\n", file, line, expression);
	program_exit(1);
}

const struct root_info *root_self(void)
{
	return root;
}

view_t root_command_line(void)
{
	view_t all = view_of(root->command_line);
	return view_clamp(all, 0, view_find(all, 0));
}

u64 root_boot_image_offset(void)
{
	return root->boot_image_offset;
}

u64 root_boot_image_size(void)
{
	return root->boot_image_size;
}

static void add(view_t name, handle_t handle)
{
	struct start_handle *entry = &AT(start.handles, start.handle_count++);
	entry->handle = handle;
	if (span_copy(span_of(entry->name), name) != OK)
		__builtin_trap();
}

static void fill_start(void)
{
	start.magic = START_MAGIC;
	start.stack_size = root->stack_size;
	AT(start.random, 0) = AT(root->random, 0);
	AT(start.random, 1) = AT(root->random, 1);
	add(VIEW_TEXT("process"), root->process);
	add(VIEW_TEXT("thread"), root->thread);
	add(VIEW_TEXT("quota"), root->quota);
	add(VIEW_TEXT("resource"), root->resource);
	add(VIEW_TEXT("console"), root->console);
	add(VIEW_TEXT("time"), root->time_page);
	add(VIEW_TEXT("boot"), root->boot_image);
}

[[gnu::no_stack_protector]] [[noreturn]] void os_start(const struct root_info *info)
{
	if (info->magic != ROOT_MAGIC || info->version != ROOT_VERSION || info->size != sizeof *info)
		__builtin_trap();
	root = info;
	fill_start();
	__stack_chk_guard = AT(start.random, 0) & ~0xffull; // a zero byte stops string overruns
	start_adopt(&start);
	program_exit((u64)main());
}
