// SPDX-License-Identifier: MIT
// assert_failed.c - what a false assert does in a host program (tool, test, fuzzer): it says where
// and aborts. Kernel and programs have their own.
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/assert.h"

NORETURN void assert_failed(const char *expression, const char *file, u32 line)
{
	fprintf(stderr, "%s:%u: assert failed: %s\n", file, line, expression);
	abort();
}
