// SPDX-License-Identifier: MIT
// crash.h - what the log says when a program dies by a fault: registers, where it stood, from where
// it was called, each with the mapping that holds it.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN
void crash_report(struct posix_thread *self, const struct linux_siginfo *info);
void crash_library(struct posix_thread *self); // of the library itself
NONNULL_END
