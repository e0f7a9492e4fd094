// SPDX-License-Identifier: MIT
// table.h - the system calls by number. A call exists when a function call_NAME of this library
// defines it (core/calls.h declares all of them); the table finds it by its name alone. All other
// numbers answer -ENOSYS and leave one line in the log for each program.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/call.h"

NONNULL_BEGIN

constexpr u32 TABLE_NUMBERS = 512;

const char *_Nullable table_name(u64 number); // null: Linux has no such call
posix_call *_Nullable table_call(u64 number); // null: not here

struct table_bits { // one for each number
	u64 word[TABLE_NUMBERS / 64];
};

// What other folders do when a thread begins, by enum begin; null: nothing (core/start.h).
typedef void posix_hook(struct posix_thread *self);
extern posix_hook *_Nullable const begin_hooks[4];

NONNULL_END
