// SPDX-License-Identifier: MIT
// length.c - the length of a memory object in bytes, as of a file: who changes it, what then reads
// as zeros, and the words that tell of it. size follows: the pages up to the length, and while one
// write grows the memory the pages that it fills; what they hold counts only when it is done.
// Pages that go: range.c. Decision 016.
#include "kernel/arch/arch.h"
#include "kernel/memory/memory_parts.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/checked.h"
#include "lib/base/memory.h"

constexpr u64 LENGTH_MAX = (RADIX_INDEX_END - 1) << PAGE_SHIFT;

static void tell(struct memory *memory)
{
	struct memory_status *status = memory->status;
	if (!status)
		return;
	atomic_store_relaxed(&status->length, memory->length);
	atomic_store_relaxed(&status->modified_ns, memory->modified_ns);
}

static void set_length(struct memory *memory, u64 length)
{
	atomic_store_relaxed(&memory->length, length); // read without the lock by who copies out
	atomic_store_relaxed(&memory->size, align_up(length, PAGE_SIZE));
	memory->modified_ns = clock_now();
	tell(memory);
}

// What of the page with this byte comes from it on: nobody was promised to see it again.
static err_t clear_rest(struct memory *memory, u64 from)
{
	u64 in_page = from & PAGE_MASK;
	paddr_t frame;
	if (!in_page || page_find(memory, from >> PAGE_SHIFT, &frame) == STATE_ZERO)
		return OK;
	err_t error = page_for_write(memory, from >> PAGE_SHIFT, &frame);
	if (error == ERR_PAGE_NEEDED && !memory->parent)
		return OK; // a pager brings zeros there
	TRY(error);
	span_t page = span_from(frame_address(frame), PAGE_SIZE);
	memory_clear_shared(span_at(page, in_page), PAGE_SIZE - in_page);
	return OK;
}

static err_t resize_locked(struct memory *memory, u64 length)
{
	TRY(memory->is_growing ? SYSCALL_RESTART : OK);
	TRY(length < memory->length && atomic_load_relaxed(&memory->is_table) ? ERR_STATE : OK);
	TRY(clear_rest(memory, min_u64(length, memory->length)));
	u64 first = pages_of_size(length);
	u64 end = memory->size >> PAGE_SHIFT;
	u64 budget = PART_PAGES;
	// The length changes only when no page is left beyond it: what grows back is absent.
	if (first < end && memory->has_foreign)
		memory_unmap_pages(memory, first, end - first);
	if (first < end && memory_drop_some(memory, first, end, !memory->has_foreign, &budget) < end &&
		radix_next(&memory->pages, first, end) != RADIX_NONE)
		return SYSCALL_RESTART;
	set_length(memory, length);
	memory->parent_pages = min_u64(memory->parent_pages, first);
	if (first < end)
		page_waiters_wake(memory, first, end - first);
	return OK;
}

err_t memory_resize(struct memory *memory, u64 length)
{
	if (memory_is_linear(memory))
		return ERR_STATE;
	if (length > LENGTH_MAX)
		return ERR_RANGE;
	memory_lock(memory);
	err_t error = resize_locked(memory, length);
	u64 index = min_u64(length, memory->length) >> PAGE_SHIFT;
	memory_unlock(memory);
	return error == ERR_PAGE_NEEDED ? page_wait(memory, index, 1, false) : error;
}

// Two that grow would write over each other, so the second tries again: no lock is held meanwhile.
static err_t begin_growing(struct memory *memory, u64 offset, u64 end)
{
	if (end > LENGTH_MAX)
		return ERR_RANGE;
	if (memory->is_growing)
		return SYSCALL_RESTART;
	if (offset > memory->length)
		TRY(clear_rest(memory, memory->length));
	memory->is_growing = true;
	atomic_store_relaxed(&memory->size, align_up(end, PAGE_SIZE));
	return OK;
}

static err_t begin_locked(struct memory *memory, struct memory_write *write)
{
	u64 end;
	bool is_growable = write->may_grow && memory->kind == MEMORY_KIND_ANONYMOUS && !memory->parent;
	if (write->is_append && !is_growable)
		return ERR_RIGHTS;
	if (write->is_append)
		write->offset = memory->length;
	if (ckd_add(&end, write->offset, write->from.size))
		return ERR_RANGE;
	write->grows = is_growable && end > memory->length && write->from.size;
	if (write->grows)
		return begin_growing(memory, write->offset, end);
	if (write->offset > memory->length)
		return ERR_RANGE;
	write->from.size = min_u64(write->from.size, memory->length - write->offset);
	return OK;
}

err_t memory_write_begin(struct memory *memory, struct memory_write *write)
{
	memory_lock(memory);
	err_t error = begin_locked(memory, write);
	memory_unlock(memory);
	return error;
}

void memory_write_end(struct memory *memory, const struct memory_write *write, u64 done)
{
	memory_lock(memory);
	u64 length = memory->length;
	if (write->grows) {
		memory->is_growing = false;
		if (done == write->from.size || !write->is_append)
			length = max_u64(length, write->offset + done);
		// At most as many pages as one write may bring.
		u64 first = pages_of_size(length), end = memory->size >> PAGE_SHIFT, budget = UINT64_MAX;
		if (first < end)
			memory_drop_some(memory, first, end, true, &budget);
	}
	if (done || !write->from.size)
		set_length(memory, length);
	else if (write->grows)
		atomic_store_relaxed(&memory->size, align_up(length, PAGE_SIZE));
	memory_unlock(memory);
}

// The table's page was pinned for us.
static void swap_status(
	struct memory *memory, struct memory *_Nullable table, struct memory_status *_Nullable status)
{
	memory_lock(memory);
	struct memory *old_table = memory->table;
	struct memory_status *old = memory->status;
	memory->table = table;
	memory->status = status;
	tell(memory);
	memory_unlock(memory);
	if (old_table) {
		frame_put(frame_of_address(NOT_NULL(old)));
		object_put(&old_table->object);
	}
}

// A table becomes one before it is looked at, and what is one publishes nothing: no two hold each
// other, in whatever order it happens.
err_t memory_publish(struct memory *memory, struct memory *_Nullable table, u64 offset)
{
	paddr_t frame;
	if (!table) {
		swap_status(memory, nullptr, nullptr);
		return OK;
	}
	if (!is_aligned(offset, sizeof(struct memory_status)))
		return ERR_ALIGNMENT;
	TRY(offset < atomic_load_relaxed(&table->length) ? OK : ERR_RANGE);
	if (table->kind != MEMORY_KIND_ANONYMOUS || table->parent || table == memory)
		return ERR_STATE;
	atomic_store_seq_cst(&table->is_table, true);
	if (atomic_load_seq_cst(&memory->is_table))
		return ERR_STATE;
	TRY(memory_page(table, offset >> PAGE_SHIFT, true, &frame));
	object_get(&table->object);
	span_t page = span_from(frame_address(frame), PAGE_SIZE);
	void *place = span_at(page, offset & PAGE_MASK);
	swap_status(memory, table, place);
	return OK;
}
