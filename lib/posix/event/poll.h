// SPDX-License-Identifier: MIT
// poll.h - waiting for some of many open files: what poll, select and epoll's own waits have in
// common.
#pragma once

#include "lib/posix/event/readiness.h"

NONNULL_BEGIN

struct poll_entry {
	struct file file; // pinned while is_open
	u32 wanted;       // POLLIN ...
	u32 found;
	bool is_open;
};

// The entries of a call; a few in place, more on the heap.
struct poll_list {
	struct poll_entry few[16];
	struct poll_entry *entry;
	u32 count, size;
};
i64 poll_list_init(struct poll_list *list, u32 size); // -ENOMEM
void poll_list_fini(struct posix_thread *self, struct poll_list *list);
// Adds the file of this number; -EBADF: there is none, and the entry is added without it.
i64 poll_list_add(struct posix_thread *self, struct poll_list *list, i32 number, u32 wanted);

void poll_list_mark(struct poll_list *list, u32 i, u32 found);
u32 poll_list_found(struct poll_list *list, u32 i);

// Until one is ready or the deadline passes; how many are: 0, or -ERESTARTNOHAND for a signal.
i64 poll_wait(struct posix_thread *self, struct poll_list *list, u64 deadline);

// A call's own signal mask, until it ends; see poll_mask_leave. address 0: none.
i64 poll_mask_enter(struct posix_thread *self, u64 address, u64 size);
// The mask from before, unless a signal's handler is to run first.
i64 poll_mask_leave(struct posix_thread *self, i64 answer);

// A timespec of the program's as a deadline. address 0: never. -EINVAL, -EFAULT.
i64 poll_deadline(struct posix_thread *self, u64 address, u64 *out);

// A port for waiting, and its return.
i64 wait_port_take(handle_t *out);
void wait_port_give(handle_t port);
// Waits for an event at a port: its key and bits. A signal may end it.
struct port_event {
	u64 key;
	u32 bits;
	bool has_more; // another one waits
};
err_t wait_port(
	struct posix_thread *self, handle_t port, u64 deadline, struct port_event *_Nullable out);

NONNULL_END
