// SPDX-License-Identifier: MIT
// raw.h - calls to the kernel itself from inside the library's process, for programs that attack
// the layer: through the library's own system call instructions, with the handles that the process
// has.
#pragma once

#include "test/posix/test.h"

#include <stdint.h>

// As lib/posix has them (docs/decisions/018) and abi/thread.h.
#define IMAGE 0xffff800010080000ull
#define IMAGE_SIZE 0x30000ull
#define PROCESS_AREA 0xffff800010160000ull
#define TABLE_AREA 0xffff800020100000ull
#define ARENA_SIZE 0x100000ull // of each; they lie below the tables
enum { BLOCK_DEADLINE = 96, BLOCK_HANDLES = 112, BLOCK_RIGHTS = 128, BLOCK_LENDS = 144 };
enum {
	CALL_CLOSE = 0,
	CALL_INFO = 2,
	CALL_CONNECTION_CALL = 12,
	CALL_MEMORY_WRITE = 23,
	CALL_UNMAP = 25
};
enum { CALL_FORK = 28, CALL_REPLACE = 29, CALL_EXIT = 32, CALL_LAST = 47 };
enum {
	KIND_PROCESS = 1,
	KIND_THREAD = 2,
	KIND_CONNECTION = 5,
	KIND_STREAM = 6,
	KIND_RESOURCE = 10
};
enum { HANDLES_MAX = 512, PATIENCE_S = 10, NOBODY = 1000 };
static const uint64_t TAG_DEADLINE = 1ull << 42, TAG_IDEMPOTENT = 1ull << 43;

static uint64_t stub; // `syscall; pop %rbp; ret` in the library
static uint32_t handles[HANDLES_MAX], kinds[HANDLES_MAX];
static int handle_count;

static inline bool find_stub(void)
{
	static const unsigned char code[] = { 0x0f, 0x05, 0x5d, 0xc3 };
	stub = (uint64_t)memmem((const void *)IMAGE, IMAGE_SIZE, code, sizeof code);
	return stub;
}

// A call to the kernel itself: it tells by the sign of the return address.
static inline int64_t raw(uint64_t number, const uint64_t *with, uint64_t *first)
{
	register uint64_t r10 __asm__("r10") = with[3];
	register uint64_t r8 __asm__("r8") = with[4];
	register uint64_t r9 __asm__("r9") = with[5];
	uint64_t rax = number, rdi = with[0], rsi = with[1], rdx = with[2];
	__asm__ volatile(
		"sub $128, %%rsp\n push %%rbx\n push %%r12\n push %%r13\n push %%r14\n push %%r15\n"
		"lea 1f(%%rip), %%rcx\n push %%rcx\n push %%rbp\n"
		"jmp *%[stub]\n1:\n"
		"pop %%r15\n pop %%r14\n pop %%r13\n pop %%r12\n pop %%rbx\n add $128, %%rsp"
		: "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9)
		: [stub] "m"(stub)
		: "rcx", "r11", "memory", "cc");
	if (first)
		*first = rdx;
	return (int32_t)rax;
}

static inline void find_handles(void)
{
	uint32_t info[8];
	for (uint32_t generation = 1; generation < 40; generation++)
		for (uint32_t slot = 0; slot < 300 && handle_count < HANDLES_MAX; slot++) {
			uint64_t with[6] = { generation << 20 | slot, 0, (uint64_t)info, sizeof info };
			if (raw(CALL_INFO, with, NULL) != 0)
				continue;
			kinds[handle_count] = info[0];
			handles[handle_count++] = with[0];
		}
}

static inline char *block(void)
{
	char *self;
	__asm__("mov %%gs:0, %0" : "=r"(self));
	return self;
}
