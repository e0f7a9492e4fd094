// SPDX-License-Identifier: MIT
// memory_symbols.c - the names under which the compiler itself calls memory.c. For the boot loader,
// the kernel and programs without a libc; on the host they are called otherwise (config.h).
#include "lib/base/memory.h"

#include "lib/base/config.h"

void *MEMORY_SYMBOL(memcpy)(void *restrict to, const void *restrict from, usize size);
void *MEMORY_SYMBOL(memmove)(void *to, const void *from, usize size);
void *MEMORY_SYMBOL(memset)(void *to, int byte, usize size);
int MEMORY_SYMBOL(memcmp)(const void *a, const void *b, usize size);

[[clang::no_builtin]] void *MEMORY_SYMBOL(memcpy)(
	void *restrict to, const void *restrict from, usize size)
{
	return memory_copy(to, from, size);
}

[[clang::no_builtin]] void *MEMORY_SYMBOL(memmove)(void *to, const void *from, usize size)
{
	return memory_move(to, from, size);
}

[[clang::no_builtin]] void *MEMORY_SYMBOL(memset)(void *to, int byte, usize size)
{
	return memory_fill(to, byte, size);
}

[[clang::no_builtin]] int MEMORY_SYMBOL(memcmp)(const void *a, const void *b, usize size)
{
	return memory_compare(a, b, size);
}
