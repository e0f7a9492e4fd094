// SPDX-License-Identifier: MIT
// user.h - the only ways between kernel memory and a program's. All copies work on the current
// thread's address space, check the range, resolve demand-zero and copy-on-write pages themselves,
// and cannot fault the kernel.
#pragma once

#include "abi/errors.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct thread;

struct user_span {
	u64 address;
	u64 size;
};

// Is [address, address + size) inside one of the two user halves (not kernel, not wrapping)?
err_t user_span_check(u64 address, u64 size);

// ERR_FAULT: not mapped for this. SYSCALL_BLOCKED (sched/thread.h): a pager was asked and the
// thread is parked on that page; the system call is left at once by returning this upwards and is
// done anew later, so nothing may have been changed before. No lock may be held. An aligned word of
// 32 bits is copied at once.
err_t user_copy_in(void *to, u64 from, usize size);
err_t user_copy_out(u64 to, const void *from, usize size);
NONNULL_END
