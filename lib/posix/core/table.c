// SPDX-License-Identifier: MIT
// table.c - see table.h. The declarations here are weak: a call that nobody defines is null.
#include "lib/posix/core/table.h"

#include "lib/posix/core/calls.h"

#define CALL_WEAK(number, name) [[gnu::weak]] extern posix_call call_##name;
POSIX_CALLS(CALL_WEAK)

extern posix_call *_Nullable const posix_table[TABLE_NUMBERS];
posix_call *_Nullable const posix_table[TABLE_NUMBERS] = { // entry.S reads it
#define CALL_ENTRY(number, name) [number] = call_##name,
	POSIX_CALLS(CALL_ENTRY)
};

[[gnu::weak]] extern posix_hook program_begun, program_first, vfork_begun;
posix_hook *_Nullable const begin_hooks[4] = { nullptr, program_begun, program_first, vfork_begun };

const char *_Nullable table_name(u64 number)
{
	static const char *_Nullable const names[TABLE_NUMBERS] = {
#define CALL_NAME(number, name) [number] = #name,
		POSIX_CALLS(CALL_NAME)
	};
	return number < TABLE_NUMBERS ? AT(names, number) : nullptr;
}

posix_call *_Nullable table_call(u64 number)
{
	return number < TABLE_NUMBERS ? AT(posix_table, number) : nullptr;
}
