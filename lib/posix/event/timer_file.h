// SPDX-License-Identifier: MIT
// timer_file.h - what time/ asks of timerfds.
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// The clock of the day was set: timerfds that wait for a moment of it are set anew, those that end
// with that (TFD_TIMER_CANCEL_ON_SET) can be read.
void timer_files_clock_set(struct posix_thread *self);

NONNULL_END
