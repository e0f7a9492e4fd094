// SPDX-License-Identifier: MIT
// support.c - handle lookups of the dispatcher that the inline way could not answer.
#include "kernel/syscall/support.h"

struct support_found support_lookup_slowly(
	struct thread *caller, u64 value, enum object_kind kind, u32 rights)
{
	struct support_found found = {};
	found.err = handle_lookup(caller, value, kind, rights, &found.object);
	return found;
}
