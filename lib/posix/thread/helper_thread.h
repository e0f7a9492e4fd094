// SPDX-License-Identifier: MIT
// helper_thread.h - threads of the library's own: not the program's, in no list; signals for the
// process go to them only if there is nobody else.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// How it begins: on its own stack, with this argument. It ends by helper_thread_end.
typedef void helper_serve(u64 argument);

// is_pokable: a notification (POKE) ends its waits, else nothing does. -EAGAIN; out: a handle, the
// caller's.
i64 helper_thread_start(helper_serve *serve, u64 argument, bool is_pokable, handle_t *out);
[[noreturn]] void helper_thread_end(void);

NONNULL_END
