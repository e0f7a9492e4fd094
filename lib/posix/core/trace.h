// SPDX-License-Identifier: MIT
// trace.h - every call of a process in the log, when core_state.trace says so: name, arguments,
// answer, time, entrance.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN
void trace_entered(struct posix_thread *self);
void trace_left(struct posix_thread *self);
NONNULL_END
