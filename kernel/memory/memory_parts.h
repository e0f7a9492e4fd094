// SPDX-License-Identifier: MIT
// memory_parts.h - what the files of this folder share: page lookup under locks, teardown of
// mappings, page waits.
#pragma once

#include "abi/syscall_numbers.h"
#include "kernel/memory/frame.h"
#include "kernel/memory/space.h"
#include "kernel/object/quota.h"

NONNULL_BEGIN

constexpr u64 LARGE_PAGES = LARGE_PAGE_SIZE / PAGE_SIZE;
constexpr u64 COPY_LIMIT = 0x10000; // bytes copied in one kernel entry
// What one stay in the kernel does at most (decision 024).
constexpr u32 PART_MAPPINGS = 32;
constexpr u64 PART_PAGES = 512;   // present ones
constexpr u64 RUN_COST = 16;      // a leaf of the tree is as much as so many pages beside its own
constexpr u64 PART_WINDOW = 8192; // pages, present or not

// page.c. All with the memory locked by memory_lock, which takes the parent's lock first.
enum page_state : u8 {
	STATE_OWN,    // in this object
	STATE_PARENT, // in the parent, to read
	STATE_ZERO,   // nothing yet: reads as zeros
	STATE_ASK,    // a pager must supply it
	STATE_BEYOND, // no such page
};
void memory_lock(struct memory *memory);
void memory_unlock(struct memory *memory);
static inline bool memory_is_linear(const struct memory *memory)
{
	return memory->kind == MEMORY_KIND_CONTIGUOUS || memory->kind == MEMORY_KIND_PHYSICAL;
}
static inline paddr_t slot_frame(u64 slot)
{
	return (paddr_t){ slot & ~PAGE_MASK };
}
enum page_state page_find(struct memory *memory, u64 index, paddr_t *out);
bool page_is_writable(struct memory *memory, u64 index, paddr_t frame); // its own, no copy due
err_t page_for_write(struct memory *memory, u64 index, paddr_t *out);
err_t page_for_read(struct memory *memory, u64 index, paddr_t *out);            // never allocates
err_t page_pin(struct memory *memory, u64 index, bool for_write, paddr_t *out); // with reference
// Puts a frame (whose sharer we become) at an absent index; charges it, or drops it on an error.
err_t page_add(struct memory *memory, u64 index, u64 slot);
// Many at once. Add: as page_add; what did not go in is dropped. Drop: those of the next leaf in
// the range; false: none is left.
err_t page_add_run(struct memory *memory, struct radix_run *run);
bool page_drop_run(struct memory *memory, u64 first, u64 end, u64 *dropped);
void page_unshare_run(const struct radix_run *run); // of slots that are in no object
// The slots that another object may hold for a run of this one's. On an error the rest is left out.
err_t page_share_run(struct memory *source, struct radix_run *run, u64 (*slots)[RADIX_RUN]);
// A fresh 2 MiB block for an aligned run of absent pages, if one can be had.
bool page_add_large(struct memory *memory, u64 index);
void page_break_large(struct memory *memory, u64 index); // before one page of a block changes

// unmap.c: the page tables of all mappings of a range of pages.
void memory_unmap_pages(struct memory *memory, u64 first, u64 count);
// quiet: this mapping's caller does the shootdown of its space later, if the answer is true.
bool memory_write_protect(
	struct memory *memory, u64 first, u64 count, struct mapping *_Nullable quiet);
// Of page tables from at on; answers where the part ends.
u64 space_change_part(struct space *space, u64 at, u64 end, table_part *change);

// range.c: each does a bounded amount and returns SYSCALL_RESTART or SYSCALL_MORE when there is
// more.
err_t memory_commit(struct memory *memory, u64 first, u64 end);
err_t memory_decommit(struct memory *memory, u64 first, u64 end, struct long_call *call);
// Takes pages away, about *budget of them, which it lowers; answers up to where none is left.
// is_shown: tables may show them. Locked.
u64 memory_drop_some(struct memory *memory, u64 first, u64 end, bool is_shown, u64 *budget);
err_t memory_supply(
	struct memory *memory, u64 first, u64 count, struct memory *source, u64 source_first);
u64 memory_dirty_next(struct memory *memory, u64 first, u64 end); // RADIX_NONE
err_t memory_clean(struct memory *memory, u64 first, u64 end);

// length.c
struct memory_write {
	struct user_span from; // cut to what can be written
	u64 offset;            // of an append: found out
	bool may_grow, is_append;
	bool grows; // beyond the length: until the end of the write nobody else does
};
err_t memory_write_begin(struct memory *memory, struct memory_write *write);
void memory_write_end(struct memory *memory, const struct memory_write *write, u64 done);
err_t memory_resize(struct memory *memory, u64 length); // SYSCALL_RESTART: there is more to do
err_t memory_publish(struct memory *memory, struct memory *_Nullable table, u64 offset);

// clone.c: a copy under way.
struct clone_work {
	struct memory *source;
	struct memory *_Nullable clone;  // made by the first part, then the caller's
	u64 offset;                      // in the source, of its first page
	u64 done;                        // so many of its pages have been looked at
	struct mapping *_Nullable quiet; // as in memory_write_protect
	bool is_due;
};
// SYSCALL_MORE: there is more to do. What it did goes off the budget. Size in bytes.
err_t memory_clone_part(struct clone_work *work, u64 size, struct quota *quota, u64 *budget);

// pager.c
err_t page_wait(struct memory *memory, u64 index, u64 count, bool for_write);
void page_waiters_wake(struct memory *memory, u64 first, u64 count); // locked
void page_waiters_fail(struct memory *memory, u64 first, u64 end);
void page_waiters_renew(struct memory *memory);

// space.c. Locks the space for a part of a call that changes it, waits if another's long call holds
// it; answers a part's result, having unlocked it, held on for SYSCALL_MORE.
err_t space_wait(struct space *space);
static inline err_t space_enter(
	struct space *space, const struct long_call *_Nullable call) NO_THREAD_SAFETY_ANALYSIS
{
	lock_take(&space->lock);
	return LIKELY(!space->holder || space->holder == call) ? OK : space_wait(space);
}
err_t space_leave(struct space *space, struct long_call *call, err_t error);
void space_choose_hints(struct space *space); // where to look for free addresses, at random
// All with space->lock held.
struct mapping *_Nullable space_find(struct space *space, u64 address);
struct mapping *_Nullable space_first_after(struct space *space, u64 address); // ends after it
struct mapping *_Nullable mapping_next(struct mapping *mapping);
err_t mapping_create(struct space *space, struct mapping *_Nullable *_Nonnull out);
void mapping_free(struct mapping *mapping);  // one that was never inserted
void mapping_place(struct mapping *mapping); // into the tree
// Into the tree and its memory's list. beside: the mapping that it is a piece of.
void mapping_insert(struct mapping *mapping, struct mapping *_Nullable beside);
void mapping_remove(struct mapping *mapping); // out of both and away; its tables are clear
// Shows present pages of the object, from first to end, in whole leaves until there are count, to
// be read: nothing depends on its success. The memory is locked.
void mapping_fill(struct mapping *mapping, u64 first, u64 end, u64 count);
// Under space->lock; others read the sum without it.
static inline void space_count_pages(struct space *space, i64 change)
{
	__atomic_store_n(&space->mapped_pages, space->mapped_pages + (u64)change, __ATOMIC_RELAXED);
}
static inline u64 mapping_end(const struct mapping *mapping)
{
	return mapping->address + mapping->size;
}
static inline u64 mapping_address(const struct mapping *mapping, u64 index)
{
	return mapping->address + (index << PAGE_SHIFT) - mapping->offset;
}
static inline u64 mapping_index(const struct mapping *mapping, u64 address)
{
	return (address - mapping->address + mapping->offset) >> PAGE_SHIFT;
}
static inline bool mapping_is_revoked(const struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	return memory && __atomic_load_n(&memory->object.epoch, __ATOMIC_RELAXED) != mapping->epoch;
}
// Under table_lock: table_map with its tables charged; and what is charged too much given back.
err_t space_table_map(struct space *space, u64 address, paddr_t frame, u32 access, bool is_large);
err_t space_table_map_run(
	struct space *space, u64 address, const struct radix_run *run, u32 access);
void space_table_trim(struct space *space);

// fault.c
bool space_release_page(struct page_hold *hold, bool was_written); // false: to be written again
// Between an object and memory of the current program. At most COPY_LIMIT bytes; appended whole.
err_t memory_read_user(struct memory *memory, u64 offset, struct user_span to, u64 *done);
err_t memory_write_user(struct memory *memory, struct memory_write *write, u64 *done);

NONNULL_END
