// SPDX-License-Identifier: MIT
// copy.c - bytes between the kernel, programs and memory objects. A program's own memory is copied
// at its addresses, with faults resolved by hand; other spaces and objects page by page through the
// direct map, each page held by a reference while no lock is.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

// Makes the page present, or parks the thread until it can be.
static err_t resolve(struct space *space, u64 address, u32 access)
{
	struct memory *memory;
	u64 index;
	err_t error = space_fault(space, address, access, &memory, &index);
	if (error == ERR_PAGE_NEEDED) {
		error = page_wait(memory, index, 1, access & MAP_FLAGS_WRITE);
		object_put(&memory->object);
	}
	return error == ERR_RANGE || error == ERR_IO ? ERR_FAULT : error;
}

static struct space *current_space(void)
{
	struct space *space = cpu_self()->current->process->space;
	space_activate(space);
	return space;
}

// In: to; out: from. It stops at each page that is not there yet, and at one again if it is taken
// away at once.
static err_t copy_resolving(u64 address, void *_Nullable to, const void *_Nullable from, usize size)
{
	debug_assert(!cpu_self()->held_ranks); // it may park the thread
	TRY(user_span_check(address, size));
	if (!size)
		return OK;
	struct space *space = current_space();
	for (u64 left = 2 * (size / PAGE_SIZE + 2); left; left--) {
		u64 stopped;
		if (to ? arch_copy_in(to, address, size, &stopped)
			   : arch_copy_out(address, from, size, &stopped))
			return OK;
		TRY(resolve(space, stopped, to ? MAP_FLAGS_READ : MAP_FLAGS_WRITE));
	}
	return ERR_FAULT;
}

err_t user_copy_in(void *to, u64 from, usize size)
{
	return copy_resolving(from, to, nullptr, size);
}

err_t user_copy_out(u64 to, const void *from, usize size)
{
	return copy_resolving(to, nullptr, from, size);
}

// The part of a frame that one step copies.
struct step {
	u64 in_page;
	u64 size;
};

static struct step step_of(u64 address, u64 left)
{
	u64 in_page = address & PAGE_MASK;
	return (struct step){ in_page, min_u64(left, PAGE_SIZE - in_page) };
}

static err_t copy_frame(paddr_t frame, struct step step, u64 mine, bool to_frame)
{
	span_t page = span_from(frame_address(frame), PAGE_SIZE);
	u8 *bytes = span_at(page, step.in_page);
	return to_frame ? user_copy_in(bytes, mine, step.size) : user_copy_out(mine, bytes, step.size);
}

// The next part of it, within one page.
static err_t space_copy_step(const struct space_copy *copy, u64 size, struct page_hold *hold)
{
	u64 address = copy->address + copy->done;
	struct step step = step_of(address, size);
	for (u32 tries = 0; tries < 4; tries++) {
		TRY(space_hold(
			copy->other, address, copy->to_other ? MAP_FLAGS_WRITE : MAP_FLAGS_READ, hold));
		err_t error =
			copy_frame(hold->frame, step, copy->mine.address + copy->done, copy->to_other);
		bool is_kept = space_release_page(hold, copy->to_other);
		TRY(error);
		if (is_kept)
			return OK;
	}
	return ERR_BUSY;
}

// What was copied before an error counts, unless the thread is parked already.
static err_t after_some(err_t error, u64 done)
{
	return done && error != SYSCALL_BLOCKED ? OK : error;
}

err_t space_copy(struct space_copy *copy)
{
	struct page_hold hold;
	u64 size = min_u64(copy->mine.size, COPY_LIMIT);
	TRY(user_span_check(copy->address, size));
	err_t error = OK;
	for (u64 left = size; error == OK && left; left = size - copy->done) {
		error = space_copy_step(copy, left, &hold);
		if (error == OK)
			copy->done += step_of(copy->address + copy->done, left).size;
	}
	if (error == ERR_PAGE_NEEDED) {
		if (copy->is_waiting && !copy->done)
			error = page_wait(hold.memory, hold.index, 1, copy->to_other);
		object_put(&hold.memory->object);
	}
	return after_some(error, copy->done);
}

static err_t memory_copy_step(
	struct memory *memory, u64 offset, u64 mine, struct step step, bool to_memory)
{
	u64 index = offset >> PAGE_SHIFT;
	for (u32 tries = 0; tries < 4; tries++) {
		paddr_t frame;
		TRY(memory_page(memory, index, to_memory, &frame));
		err_t error = copy_frame(frame, step, mine, to_memory);
		bool is_kept = !to_memory || memory_page_written(memory, index, frame);
		frame_put(frame);
		TRY(error);
		if (is_kept)
			return OK;
	}
	return ERR_BUSY;
}

static err_t memory_copy_some(
	struct memory *memory, u64 offset, struct user_span mine, bool to_memory, u64 *done)
{
	err_t error = OK;
	while (*done < mine.size && error == OK) {
		struct step step = step_of(offset + *done, mine.size - *done);
		error = memory_copy_step(memory, offset + *done, mine.address + *done, step, to_memory);
		if (error == OK)
			*done += step.size;
	}
	if (error == ERR_PAGE_NEEDED && !*done)
		return page_wait(memory, offset >> PAGE_SHIFT, pages_of_size(mine.size), to_memory);
	return error;
}

err_t memory_read_user(struct memory *memory, u64 offset, struct user_span to, u64 *done)
{
	u64 length = atomic_load_relaxed(&memory->length);
	*done = 0;
	to.size = min_u64(min_u64(to.size, COPY_LIMIT), length > offset ? length - offset : 0);
	err_t error = memory_copy_some(memory, offset, to, false, done);
	return error == ERR_RANGE ? OK : after_some(error, *done); // cut off meanwhile
}

err_t memory_write_user(struct memory *memory, struct memory_write *write, u64 *done)
{
	*done = 0;
	write->is_append = write->offset == MEMORY_APPEND;
	write->from.size = min_u64(write->from.size, write->is_append ? MEMORY_APPEND_MAX : COPY_LIMIT);
	TRY(memory_write_begin(memory, write));
	err_t error = memory_copy_some(memory, write->offset, write->from, true, done);
	if (write->is_append && *done < write->from.size) // not whole: not at all
		*done = 0;
	memory_write_end(memory, write, *done);
	return after_some(error, *done);
}
