// SPDX-License-Identifier: MIT
// thread_block.c - pinning the page of a thread block. memory_page makes it private and takes the
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

// May the program itself write there?
static err_t check_writable(struct space *space, u64 address)
{
	paddr_t frame;
	err_t err = space_page(space, address, MAP_FLAGS_WRITE, &frame);
	if (err == OK)
		frame_put(frame);
	return err == ERR_QUOTA || err == ERR_NO_MEMORY || err == OK ? err : ERR_FAULT;
}

// Device memory has no frame of ours, and a pager may take its pages back.
static err_t pin_page(
	struct space *space, u64 address, struct memory *memory, u64 offset, struct block_pin *out)
{
	if (memory->kind != MEMORY_KIND_ANONYMOUS)
		return ERR_FAULT;
	TRY(check_writable(space, address));
	paddr_t frame;
	err_t err = memory_page(memory, offset / PAGE_SIZE, true, &frame);
	if (err != OK)
		return err == ERR_RANGE ? ERR_FAULT : err;
	*out = (struct block_pin){ .frame = frame, .address = address };
	return OK;
}

err_t block_pin(struct space *space, u64 address, struct block_pin *out)
{
	if (!is_aligned(address, THREAD_BLOCK_SIZE))
		return ERR_ALIGNMENT;
	TRY(user_span_check(address, THREAD_BLOCK_SIZE));
	struct memory *memory;
	u64 offset;
	if (space_resolve(space, address, &memory, &offset) != OK)
		return ERR_FAULT;
	err_t err = pin_page(space, address, memory, offset, out);
	object_put(&memory->object);
	return err;
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
