// SPDX-License-Identifier: MIT
// replace.c - exec: with and without other threads, and with arguments that must not hurt.
#include "test/guest/process/process_test.h"

// task_exit of the process with the argument (rdi) as its code.
static const u8 exit_code_bytes[] = {
	0x48,
	0x89,
	0xfe, // mov %rdi, %rsi
	0xbf,
	0x01,
	0x00,
	0x00,
	0x00, // mov $EXIT_SCOPE_PROCESS, %edi
	0x31,
	0xd2, // xor %edx, %edx
	0xb8,
	SYSCALL_TASK_EXIT,
	0x00,
	0x00,
	0x00, // mov $number, %eax
	0x0f,
	0x05, // syscall
	0x0f,
	0x0b,
};

u64 sleep_forever(void *_Nullable argument)
{
	(void)argument;
	return (u64)(i64)sleep_until(DEADLINE_NEVER);
}

static err_t make_image(handle_t *image, u64 *entry, u64 *block)
{
	handle_t memory;
	u64 done;
	TRY(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, image));
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, 2 * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	TRY(memory_write(memory, 0, view_of(exit_code_bytes), &done));
	TRY(memory_map(*image, memory, 0, PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_EXEC, entry));
	TRY(memory_map(
		*image, memory, 0, PAGE_SIZE, PAGE_SIZE, MAP_FLAGS_READ | MAP_FLAGS_WRITE, block));
	return handle_close(memory);
}

u64 replace(u64 argument)
{
	static struct worker workers[3];
	handle_t image;
	u64 entry, block;
	for (u32 i = 0; i < argument; i++)
		if (worker_start(&AT(workers, i), i == 1 ? count_up : sleep_forever, nullptr) != OK)
			return 1;
	if (make_image(&image, &entry, &block) != OK)
		return 2;
	if (process_replace(image, entry, block + PAGE_SIZE, 77, block + 8) != ERR_ALIGNMENT)
		return 3;
	if (process_replace(image, entry, block + PAGE_SIZE, 77, entry) != ERR_FAULT)
		return 4;
	(void)process_replace(image, entry, block + PAGE_SIZE, 77, block + 512);
	return 5;
}

void test_replace(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(replace, 0, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 77);
	CHECK_OK(guest_fork(replace, 3, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 77);
}
