// SPDX-License-Identifier: MIT
// memory_symbols.c - the names under which the compiler itself calls memory.c. For the boot loader,
// the kernel and programs without a libc; on the host the libc has them.
#include "lib/base/memory.h"

void *memcpy(void *restrict to, const void *restrict from, usize size);
void *memmove(void *to, const void *from, usize size);
void *memset(void *to, int byte, usize size);
int memcmp(const void *a, const void *b, usize size);

[[clang::no_builtin]] void *memcpy(void *restrict to, const void *restrict from, usize size)
{
	return memory_copy(to, from, size);
}

[[clang::no_builtin]] void *memmove(void *to, const void *from, usize size)
{
	return memory_move(to, from, size);
}

[[clang::no_builtin]] void *memset(void *to, int byte, usize size)
{
	return memory_fill(to, byte, size);
}

[[clang::no_builtin]] int memcmp(const void *a, const void *b, usize size)
{
	return memory_compare(a, b, size);
}
