// SPDX-License-Identifier: MIT
// thread_block.c - pinning the page of a thread block. space_hold makes it private and takes the
// reference under the object's lock; a frame with more references than sharers is never shared
// copy-on-write, so the program's page and the kernel's stay one (frame.h).
#include "kernel/object/thread_block.h"

#include "abi/syscall_numbers.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/memory.h"
#include "kernel/memory/space.h"
#include "kernel/object/object.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/unsafe.h"

// Device memory has no frame of ours, and a pager may take its pages back.
err_t block_pin(struct space *space, u64 address, struct block_pin *out)
{
	if (!is_aligned(address, THREAD_BLOCK_SIZE))
		return ERR_ALIGNMENT;
	TRY(user_span_check(address, THREAD_BLOCK_SIZE));
	struct page_hold hold;
	err_t err = space_hold(space, address, MAP_FLAGS_WRITE, &hold);
	if (err == ERR_QUOTA || err == ERR_NO_MEMORY)
		return err;
	if (err != OK && err != ERR_PAGE_NEEDED)
		return ERR_FAULT;
	bool is_good = err == OK && hold.memory->kind == MEMORY_KIND_ANONYMOUS;
	if (err == OK && !is_good)
		frame_put(hold.frame);
	object_put(&hold.memory->object);
	*out = (struct block_pin){ .frame = hold.frame, .address = address };
	return is_good ? OK : ERR_FAULT;
}

void block_unpin(const struct block_pin *pin)
{
	frame_put(pin->frame);
}

static struct thread_block *block_of(const struct block_pin *pin)
{
	UNSAFE_BEGIN("an aligned block of 512 bytes lies within its page")
	return (struct thread_block *)(void *)((u8 *)frame_address(pin->frame) +
										   (pin->address & PAGE_MASK));
	UNSAFE_END
}

void thread_give_block(struct thread *thread)
{
	if (!thread->block_frame.raw)
		return;
	block_unpin(&(struct block_pin){ .frame = thread->block_frame });
	thread->block_frame = (paddr_t){};
}

void thread_take_block(struct thread *thread, const struct block_pin *pin)
{
	thread_give_block(thread);
	thread->block_frame = pin->frame;
	thread->block_address = pin->address;
	thread->block = block_of(pin);
	atomic_store_relaxed(&thread->block->self, pin->address);
	atomic_store_relaxed(&thread->block->thread_id, thread->id);
}
