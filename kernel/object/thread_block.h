// SPDX-License-Identifier: MIT
// thread_block.h - the kernel's hold on the page around a thread block: a pinned frame, so that the
// kernel's pointer stays good whatever the program does with its mappings. If the program unmaps or
// decommits the page, the kernel goes on with the orphaned frame, which harms nobody.
#pragma once

#include "abi/thread.h"
#include "kernel/memory/address.h"
#include "kernel/sched/thread.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

NONNULL_BEGIN

struct space;

// A lend as it stands in the block this moment.
static inline struct lend block_lend(const struct thread_block *block, u32 index)
{
	const struct lend *lend = &AT(block->lend, index);
	return (struct lend){ atomic_load_relaxed(&lend->address), atomic_load_relaxed(&lend->size),
		atomic_load_relaxed(&lend->direction), atomic_load_relaxed(&lend->reserved) };
}

struct block_pin {
	paddr_t frame; // reference: the pin
	u64 address;   // user address of the block
};

// Checks alignment and that anonymous, writable memory is mapped there; its page becomes private.
// ERR_ALIGNMENT, ERR_FAULT, ERR_QUOTA, ERR_NO_MEMORY.
err_t block_pin(struct space *space, u64 address, struct block_pin *out);
void block_unpin(const struct block_pin *pin);
// The thread takes over the pin, gives up the one it has, and writes address and id into the block.
// Home CPU, or before the thread is known.
void thread_take_block(struct thread *thread, const struct block_pin *pin);
void thread_give_block(struct thread *thread);

NONNULL_END
