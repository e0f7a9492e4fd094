// SPDX-License-Identifier: MIT
// space.h - an address space: its mappings in a tree by address, its page tables. User addresses:
// the low half from 64 KiB, and the "high" window (one top-level slot of the upper half) for the
// POSIX library and native programs that are told apart by it.
// Locks: space->lock (mappings), then memory->lock, then space->table_lock (page tables).
#pragma once

#include "kernel/arch/arch.h"
#include "kernel/memory/memory.h"

NONNULL_BEGIN

constexpr u64 USER_LOW_START = 0x10000, USER_LOW_END = 0x0000'7fff'ffff'f000;
constexpr u64 USER_HIGH_START = 0xffff'8000'0000'0000; // top-level slot 256
constexpr u64 USER_HIGH_END = 0xffff'8080'0000'0000;

struct mapping {
	struct tree_node node;           // in space->tree, by address; disjoint
	struct list_node by_memory;      // in memory->mappings, under memory->lock
	struct space *space;             // borrowed: the space outlives its mappings
	struct memory *_Nullable memory; // reference; null: reservation
	u64 address, size, offset;       // bytes, page multiples
	u32 flags;                       // enum map_flags: read write exec shared
	u32 allowed;                     // what the handle's rights allow mprotect to set
	u32 epoch;                       // of the memory when it was mapped: another one is revoked
	u64 cleared; // bytes of a revoked one that have left the page tables; then it leaves by_memory
};

struct space {
	struct spinlock lock;       // RANK_SPACE: tree
	struct spinlock table_lock; // RANK_TABLE: page tables
	struct tree tree;
	struct page_table table;
	struct quota *quota;              // reference: table pages and mappings are charged to it
	struct mapping *_Nullable recent; // found last, under lock
	u64 mapped_pages;                 // of mappings with memory
	u64 mapping_count;                // charged in pages of MAPPINGS_PER_PAGE
	u64 table_charged;                // pages charged for page tables, at least those there are
	u64 unswept;                      // bytes unmapped since empty tables were looked for
	u64 low_hint, high_hint;          // lowest address to look for free ones; random at first
	bool is_dead;                     // being torn down: no new mappings
	u32 users;                        // atomic: processes in it
	u32 references;                   // atomic: one for all users, one for each long call
	// Under lock: the long call that alone may change mappings or fill tables, and who waits for
	// its end (struct thread.wait.node).
	struct long_call *_Nullable holder;
	struct list waiters;
};

constexpr u64 MAPPINGS_PER_PAGE = 32; // of the slab

err_t space_create(struct quota *quota, struct space *_Nullable *_Nonnull out);
void space_put(struct space *space); // one user less; of the last one: drains what is left, frees
bool space_leave_to_others(struct space *space); // one user less, unless it is the last one: false
// Of the last user. Removes mappings and tables; true: all of them.
bool space_drain(struct space *space, u32 steps);
struct map_request {
	struct memory *_Nullable memory; // null: a reservation
	u64 address, size, offset;       // address 0: choose
	u32 flags;                       // enum map_flags
	u32 allowed;                     // enum map_flags that the handle's rights allow
	u32 epoch;                       // the handle's
};
// Long calls, in parts (decision 024): SYSCALL_MORE asks for the next one with the same arguments;
// until the last, or space_release, `call` holds the space. While another one does, SYSCALL_BLOCKED
// or SYSCALL_RESTART: the thread has been parked, or must try again.
err_t space_map(
	struct space *space, const struct map_request *request, struct long_call *call, u64 *mapped);
err_t space_unmap(struct space *space, u64 address, u64 size, struct long_call *call);
// What is mapped throughout [from, from + size) goes to an address where nothing is. ERR_RANGE: it
// is more than PART_MAPPINGS mappings.
err_t space_move(struct space *space, u64 from, u64 size, u64 to, struct long_call *call);
// Private memory without a handle in the range reads as zeros again.
err_t space_discard(struct space *space, u64 address, u64 size, struct long_call *call);
err_t space_protect(struct space *space, u64 address, u64 size, u32 flags, struct long_call *call);
// *child: null at first.
err_t space_fork(struct space *from, struct quota *quota, struct long_call *call,
	struct space *_Nullable *_Nonnull child);
void space_release(struct long_call *call); // it ends before its last part
// Makes the page at address present for this access. access: enum map_flags read/write/exec.
// ERR_FAULT: no such mapping or access; ERR_PAGE_NEEDED: *memory, *index say which page (reference
// on *memory is handed to the caller); ERR_RANGE/ERR_IO: bus error.
err_t space_fault(struct space *space, u64 address, u32 access,
	struct memory *_Nullable *_Nonnull memory, u64 *index);
// A page of another space, held for copying.
struct page_hold {
	struct memory *memory; // reference
	u64 index;
	paddr_t frame; // reference
};
err_t space_hold(struct space *space, u64 address, u32 access, struct page_hold *out);
// Which (memory, offset) is at this address: futex key. Reference handed to the caller.
err_t space_resolve(
	struct space *space, u64 address, struct memory *_Nullable *_Nonnull out, u64 *offset);
// The first mapping that ends after an address. False: none.
struct mapping_info;
bool space_mapping_info(struct space *space, u64 address, struct mapping_info *out);
// Kernel copies between a buffer in the current space and another space: see copy.c. What was
// copied before an error counts.
struct space_copy {
	struct space *other;
	u64 address; // there
	struct user_span mine;
	bool to_other;
	bool is_waiting; // for absent pages of the other side
	u64 done;        // answer
};
err_t space_copy(struct space_copy *copy);
// Page fault of the current thread (trap.c): resolves it, parks the thread, or raises thread_fault.
void space_fault_current(u64 address, u32 access, bool was_present);
static inline void space_activate(struct space *space) // on this CPU, if others are loaded
{
	table_activate(&space->table);
}

NONNULL_END
