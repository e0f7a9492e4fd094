// SPDX-License-Identifier: MIT
// support.c - handle lookups of the dispatcher that the inline way could not answer.
#include "kernel/syscall/support.h"

struct support_found support_lookup_slowly(
	struct thread *caller, u64 value, enum object_kind kind, u32 rights)
{
	struct support_found found = { nullptr, ERR_BAD_HANDLE };
	if (value <= UINT32_MAX)
		found.err = handle_lookup(caller, (handle_t){ (u32)value }, kind, rights, &found.object);
	return found;
}
