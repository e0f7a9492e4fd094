// SPDX-License-Identifier: MIT
// range.c - operations on ranges of pages: commit, decommit, supply, dirty, clean. Each
// kernel entry does a bounded amount of work and asks to be entered again; what is done shows in
// the pages themselves, but of decommit, which also takes away what is not there.
#include "kernel/memory/memory_parts.h"
#include "kernel/sched/thread.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

constexpr u64 COMMIT_PAGES = 64; // that are allocated and zeroed

err_t memory_commit(struct memory *memory, u64 first, u64 end)
{
	if (memory_is_linear(memory))
		return OK;
	memory_lock(memory);
	err_t error = end <= memory->size >> PAGE_SHIFT ? OK : ERR_RANGE;
	for (u64 done = 0, i = first; error == OK && done < COMMIT_PAGES;) {
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

u64 memory_drop_some(struct memory *memory, u64 first, u64 end, bool is_shown, u64 *budget)
{
	bool is_foreign = is_shown && memory->has_foreign; // shown where nothing of ours is
	u64 start = is_foreign ? first : radix_next(&memory->pages, first, end);
	if (start == RADIX_NONE)
		return end;
	u64 limit = min_u64(end, start + PART_WINDOW), stop = start, found = 0;
	struct radix_run run;
	while (found < *budget && stop < limit) {
		bool is_any = radix_next_run(&memory->pages, stop, limit, &run);
		stop = is_any ? min_u64(limit, run.first + RADIX_RUN) : limit;
		found += is_any ? RUN_COST + 2 * bits_count(run.present) : 0;
	}
	break_edges(memory, start, stop);
	if (is_shown)
		memory_unmap_pages(memory, start, stop - start);
	u64 dropped = 0;
	while (page_drop_run(memory, start, stop, &dropped))
		;
	*budget -= min_u64(*budget, found);
	return stop;
}

// In parts; done: pages.
err_t memory_decommit(struct memory *memory, u64 first, u64 end, struct long_call *call)
{
	if (memory_is_linear(memory))
		return ERR_STATE;
	memory_lock(memory);
	err_t error = atomic_load_relaxed(&memory->is_table) ? ERR_STATE : ERR_RANGE;
	u64 budget = PART_PAGES, stop = first;
	if (error != ERR_STATE && end <= memory->size >> PAGE_SHIFT) {
		stop = memory_drop_some(memory, first + call->done, end, true, &budget);
		error = stop < end ? SYSCALL_MORE : OK;
	}
	memory_unlock(memory);
	call->done = error == SYSCALL_MORE ? stop - first : 0;
	return error;
}

static void leave_out(struct radix_run *run, u64 bits)
{
	struct radix_run out = { run->first, run->present & bits, run->slot };
	page_unshare_run(&out);
	run->present &= ~bits;
}

// Pages that were there already stay.
static err_t put_run(struct memory *memory, struct radix_run *run)
{
	memory_lock(memory);
	RADIX_RUN_EACH(i, run)
	if (run->first + i >= memory->size >> PAGE_SHIFT || radix_find(&memory->pages, run->first + i))
		leave_out(run, 1ull << i);
	err_t error = page_add_run(memory, run);
	memory_unlock(memory);
	return error;
}

// The source's pages become memory's too, and only then are no longer the source's: an error loses
// nothing.
static err_t supply_run(
	struct memory *memory, u64 first, u64 count, struct memory *source, u64 source_first)
{
	UNINITIALIZED u64 slots[RADIX_RUN];
	struct radix_run run;
	u64 dropped = 0, end = source_first + count;
	memory_lock(source);
	memory_unmap_pages(source, source_first, count);
	err_t error = ERR_NOT_FOUND;
	if (radix_next_run(&source->pages, source_first, end, &run))
		error = page_share_run(source, &run, &slots);
	memory_unlock(source);
	if (error == ERR_NO_MEMORY)
		leave_out(&run, UINT64_MAX);
	TRY(error);
	run.first += first - source_first;
	TRY(put_run(memory, &run));
	memory_lock(source);
	while (!atomic_load_relaxed(&source->is_table) &&
		   page_drop_run(source, source_first, end, &dropped))
		;
	memory_unlock(source);
	return dropped == count ? OK : ERR_NOT_FOUND; // somebody takes pages away while we do
}

static bool has_all(struct memory *memory, u64 first, u64 count)
{
	memory_lock(memory);
	bool has = first + count <= memory->size >> PAGE_SHIFT &&
	           radix_next_absent(&memory->pages, first, first + count) == RADIX_NONE;
	memory_unlock(memory);
	return has;
}

// At most 4 MiB, so it is not cut into several entries. A page counts for both for a moment.
err_t memory_supply(
	struct memory *memory, u64 first, u64 count, struct memory *source, u64 source_first)
{
	if (memory->kind != MEMORY_KIND_PAGER || memory_is_linear(source) || source == memory ||
		atomic_load_relaxed(&source->is_table))
		return ERR_STATE;
	if (count > 2 * LARGE_PAGES || first + count > memory->size >> PAGE_SHIFT)
		return ERR_RANGE;
	if (!has_all(source, source_first, count))
		return ERR_NOT_FOUND;
	err_t error = OK;
	u64 part;
	for (u64 done = 0; error == OK && done < count; done += part) {
		u64 from = source_first + done;
		part = min_u64(count - done, RADIX_RUN - from % RADIX_RUN);
		error = supply_run(memory, first + done, part, source, from);
	}
	lock_take(&memory->lock);
	page_waiters_wake(memory, first, count); // those that got none ask again
	lock_give(&memory->lock);
	return error;
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
	u64 limit = i == RADIX_NONE ? i : i + PART_WINDOW;
	for (u64 done = 0; i < limit && done < PART_PAGES; done++) {
		radix_set_dirty(&memory->pages, i, false);
		memory->dirty--;
		stop = i + 1;
		i = radix_next_dirty(&memory->pages, stop, end);
	}
	if (start != RADIX_NONE)
		memory_write_protect(memory, start, stop - start, nullptr);
	lock_give(&memory->lock);
	return i == RADIX_NONE ? OK : SYSCALL_RESTART;
}
