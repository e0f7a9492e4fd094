// SPDX-License-Identifier: MIT
// action.h - what the process does on each signal, and signals that wait for a thread that takes
// them. Notifications of the kernel (block.pending) are only a mailbox: what is pending stands in
// actions.pending (for the process) and posix_thread.directed (for one thread).
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"
#include "lib/posix/linux/signal.h"

NONNULL_BEGIN

// What came with a signal that was sent from within. In the heap.
struct signal_note {
	struct signal_note *_Nullable next;
	i32 thread; // its id; 0: for the process
	struct linux_siginfo info;
};

struct actions {
	struct posix_lock lock;
	u32 notes_count;
	struct signal_note *_Nullable notes;    // first come first; under lock
	u64 pending;                            // atomic: for the process
	u64 remote;                             // atomic: of these, details may wait at proc
	u64 ignored;                            // signals whose action is nothing
	u64 float_mask;                         // parts of XSAVE; 0: only FXSAVE
	u64 float_size;                         // bytes of a save area
	struct linux_sigaction action[SIGNALS]; // [n - 1], under lock
};

NONNULL_END
