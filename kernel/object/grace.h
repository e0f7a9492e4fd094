// SPDX-License-Identifier: MIT
// grace.h - giving memory back only when no CPU can still be looking at it. The kernel never blocks
// and runs with interrupts off, so each stay in the kernel is a read section by itself: memory
// dropped now may be reused once every other CPU has left the kernel or entered it anew. With one
// CPU that is at the end of this kernel entry; with more, batches go round by a cross-CPU request.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN
void grace_defer(struct object *object); // its last reference was dropped. Any lock may be held
void grace_run(void); // on leaving the kernel slowly: destroys what may be, a bounded number
void grace_acknowledge(void); // this CPU holds no borrowed object now (cross-CPU request)
u32 grace_pending(void);      // objects that wait, over all CPUs, and processes being taken apart
// One more (1) of those on this CPU, or one less (-1): then all that it held was given back.
void grace_count(struct quota *_Nullable quota, u32 change);
// Charging a quota (or the machine) failed, ERR_QUOTA, ERR_NO_MEMORY: may objects that wait have
// caused that? Then their grace period is hurried, and the system call or fault should be done
// again: SYSCALL_RESTART. The last charge that failed here counts (quota_refuse). Else the error.
err_t grace_retry(err_t err);
// For a call that is done again and takes much before it fails: an attempt would use up what
// becomes free, and leave that to be waited for. ERR_QUOTA: some of the quota's objects are still
// waiting.
err_t grace_await(const struct quota *quota);
NONNULL_END
