// SPDX-License-Identifier: MIT
// range.c - operations on ranges of pages: commit, decommit, supply, dirty, clean. Each
// kernel entry does a bounded amount of work and asks to be entered again; what is done shows in
// the pages themselves, so no progress is kept.
#include "kernel/memory/memory_parts.h"
#include "lib/base/bits.h"

constexpr u64 PAGES_PER_ENTRY = 256;

err_t memory_commit(struct memory *memory, u64 first, u64 end)
{
	if (memory_is_linear(memory))
		return OK;
	memory_lock(memory);
	err_t error = end <= memory->size >> PAGE_SHIFT ? OK : ERR_RANGE;
	for (u64 done = 0, i = first; error == OK && done < 2 * PAGES_PER_ENTRY;) {
		i = radix_next_absent(&memory->pages, i, end);
		if (i == RADIX_NONE)
			break;
		bool fits = is_aligned(i, LARGE_PAGES) && end - i >= LARGE_PAGES;
		paddr_t frame;
		if (fits && page_add_large(memory, i)) {
			done += LARGE_PAGES;
		} else {
			error = page_for_write(memory, i, &frame);
			done++;
		}
		first = i;
	}
	if (error == OK && radix_next_absent(&memory->pages, first, end) != RADIX_NONE)
		error = SYSCALL_RESTART;
	memory_unlock(memory);
	return error == ERR_PAGE_NEEDED ? page_wait(memory, first, end - first, false) : error;
}

// Large blocks of which only a part is in [first, end) become single pages.
static void break_edges(struct memory *memory, u64 first, u64 end)
{
	const u64 *slot = radix_find(&memory->pages, first);
	if (slot && *slot & PAGE_LARGE && !is_aligned(first, LARGE_PAGES))
		page_break_large(memory, first);
	slot = radix_find(&memory->pages, end);
	if (slot && *slot & PAGE_LARGE && !is_aligned(end, LARGE_PAGES))
		page_break_large(memory, end);
}

bool memory_drop_some(struct memory *memory, u64 first, u64 end)
{
	u64 i = radix_next(&memory->pages, first, end);
	u64 stop = i;
	for (u64 done = 0; done < PAGES_PER_ENTRY && stop != RADIX_NONE; done++)
		stop = radix_next(&memory->pages, stop + 1, end);
	if (stop == RADIX_NONE)
		stop = end;
	if (memory->has_foreign)
		memory_unmap_pages(memory, first, stop - first);
	if (i == RADIX_NONE)
		return true;
	break_edges(memory, i, stop);
	memory_unmap_pages(memory, i, stop - i);
	u64 dropped = 0;
	while (page_drop_run(memory, i, stop, &dropped))
		;
	return stop == end;
}

err_t memory_decommit(struct memory *memory, u64 first, u64 end)
{
	if (memory_is_linear(memory))
		return ERR_STATE;
	memory_lock(memory);
	err_t error = ERR_RANGE;
	if (end <= memory->size >> PAGE_SHIFT)
		error = memory_drop_some(memory, first, end) ? OK : SYSCALL_RESTART;
	memory_unlock(memory);
	return error;
}

constexpr u32 SUPPLY_BATCH = 16;

// Frames on their way from one object to another: neither's.
struct cargo {
	u32 count;
	u64 first;
	paddr_t frame[SUPPLY_BATCH];
};

static err_t take_cargo(struct memory *source, u64 first, u64 count, struct cargo *cargo)
{
	cargo->count = 0;
	cargo->first = first;
	memory_lock(source);
	for (u64 i = first; i < first + count; i++) {
		const u64 *slot = radix_find(&source->pages, i);
		if (slot && *slot & PAGE_LARGE)
			page_break_large(source, i);
	}
	memory_unmap_pages(source, first, count);
	for (u64 i = first; i < first + count; i++) {
		u64 slot = page_take(source, i);
		if (!slot)
			break; // somebody takes pages away while we do
		AT(cargo->frame, cargo->count++) = slot_frame(slot);
	}
	memory_unlock(source);
	return cargo->count == count ? OK : ERR_NOT_FOUND;
}

// Pages that were there already stay; the frame brought for them is dropped.
static err_t put_cargo(struct memory *memory, u64 first, const struct cargo *cargo)
{
	err_t error = OK;
	memory_lock(memory);
	for (u32 i = 0; i < cargo->count; i++) {
		paddr_t frame = AT(cargo->frame, i);
		bool fits = error == OK && first + i < memory->size >> PAGE_SHIFT &&
		            !radix_find(&memory->pages, first + i);
		if (fits)
			error = page_add(memory, first + i, frame.raw);
		if (!fits || error != OK)
			frame_unshare(frame);
	}
	page_waiters_wake(memory, first, cargo->count);
	memory_unlock(memory);
	return error;
}

static bool has_all(struct memory *memory, u64 first, u64 count)
{
	memory_lock(memory);
	bool has = first + count <= memory->size >> PAGE_SHIFT &&
	           radix_next_absent(&memory->pages, first, first + count) == RADIX_NONE;
	memory_unlock(memory);
	return has;
}

// At most 4 MiB, so it is not cut into several entries. On ERR_QUOTA and ERR_NO_MEMORY, pages of
// the source that did not arrive are gone: the pager reads them again.
err_t memory_supply(
	struct memory *memory, u64 first, u64 count, struct memory *source, u64 source_first)
{
	if (memory->kind != MEMORY_KIND_PAGER || memory_is_linear(source) || source == memory)
		return ERR_STATE;
	if (count > 2 * LARGE_PAGES || first + count > memory->size >> PAGE_SHIFT)
		return ERR_RANGE;
	if (!has_all(source, source_first, count))
		return ERR_NOT_FOUND;
	struct cargo cargo;
	for (u64 done = 0; done < count; done += cargo.count) {
		u64 part = min_u64(count - done, SUPPLY_BATCH);
		err_t taken = take_cargo(source, source_first + done, part, &cargo);
		TRY(put_cargo(memory, first + done, &cargo));
		TRY(taken);
	}
	return OK;
}

u64 memory_dirty_next(struct memory *memory, u64 first, u64 end)
{
	lock_take(&memory->lock);
	u64 index = radix_next_dirty(&memory->pages, first, end);
	lock_give(&memory->lock);
	return index;
}

// After it, every further write makes its page dirty again: who writes back cleans, then reads.
err_t memory_clean(struct memory *memory, u64 first, u64 end)
{
	if (memory->kind != MEMORY_KIND_PAGER)
		return ERR_STATE;
	lock_take(&memory->lock);
	u64 i = radix_next_dirty(&memory->pages, first, end);
	u64 start = i;
	u64 stop = first;
	for (u64 done = 0; i != RADIX_NONE && done < PAGES_PER_ENTRY; done++) {
		radix_set_dirty(&memory->pages, i, false);
		memory->dirty--;
		stop = i + 1;
		i = radix_next_dirty(&memory->pages, stop, end);
	}
	bool unused = false;
	if (start != RADIX_NONE)
		memory_write_protect(memory, start, stop - start, nullptr, &unused);
	lock_give(&memory->lock);
	return i == RADIX_NONE ? OK : SYSCALL_RESTART;
}
