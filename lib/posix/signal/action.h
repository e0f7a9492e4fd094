// SPDX-License-Identifier: MIT
// action.h - what the process does on each signal, and signals that wait for a thread that takes
// them.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/linux/signal.h"

NONNULL_BEGIN

struct actions {
	struct posix_lock lock;
	struct linux_sigaction action[SIGNALS]; // [n - 1]
	u64 pending; // atomic: meant for the process, blocked by the threads that were looked at
};

NONNULL_END
