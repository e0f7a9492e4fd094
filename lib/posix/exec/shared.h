// SPDX-License-Identifier: MIT
// shared.h - what exec needs of other folders, and small things its files share.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

constexpr u32 EXEC_LIMIT_STACK = 3; // RLIMIT_STACK

// file/: maps what a POSIX process sees of files (tables of file servers, arenas) into a new one.
err_t exec_map_files(handle_t process);
// file/: after exec, descriptors with FD_CLOEXEC go.
void exec_close_files(void);
// signal/: after exec, handled signals are default again, ignored ones stay.
void exec_reset_actions(void);

// All of it, also what the kernel does in several steps.
err_t exec_write(handle_t memory, u64 offset, view_t bytes);
u64 exec_vdso_offset(void); // in the library's image
u64 exec_processor_features(void);
u64 exec_signal_stack_size(void);

NONNULL_END
