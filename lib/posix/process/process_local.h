// SPDX-License-Identifier: MIT
// process_local.h - what the files of this folder share.
#pragma once

#include "lib/posix/core/posix.h"
#include "lib/posix/process/process.h"

NONNULL_BEGIN

static inline struct identity *process_self(void)
{
	return &posix_self()->identity;
}
static inline proc_t process_proc(void)
{
	return (proc_t){ process_self()->connection };
}

constexpr u64 TICKS_PER_SECOND = 100; // as programs count processor time

// Changes credentials by way of proc; list: group ids or capabilities. 0, -errno.
struct change_ids {
	u32 first, second, third;
};
i64 process_change(enum proc_change what, struct change_ids ids, view_t list);
// A connection to the root file system that speaks for the new credentials; taken (file/ provides).
[[gnu::weak]] void process_files_changed(handle_t files);
// Privileges are gone for good: so is what this process has only because of them (file/ provides).
[[gnu::weak]] void process_privileges_lost(void);

// A descriptor that stands for this process; its number goes to the program's memory.
i64 process_pidfd_put(struct posix_thread *self, u32 pid, u64 address);
// Whom a descriptor stands for; process: owned, HANDLE_NONE: it had ended by then; waits: no
// O_NONBLOCK. -EBADF: it is none of this kind.
i64 process_pidfd_get(
	struct posix_thread *self, i32 number, u32 *pid, bool *waits, handle_t *process);

// struct rusage.
struct linux_usage {
	i64 user_s, user_us, system_s, system_us;
	i64 resident_max_kib;
	i64 others[13];
};
static_assert(sizeof(struct linux_usage) == 144);
struct linux_usage process_usage(u64 processor_ns, u64 pages);

NONNULL_END
