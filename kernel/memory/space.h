// SPDX-License-Identifier: MIT
// space.h - an address space: its mappings in a tree by address, its page tables. User addresses:
// the low half from 64 KiB, and the "high" window (one top-level slot of the upper half) for the
// POSIX library and native programs that are told apart by it.
// Locks: space->lock (mappings), then memory->lock, then space->table_lock (page tables).
#pragma once

#include "arch_types.h"
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
	u32 users;                        // atomic: processes in it
	bool is_dead;                     // being torn down: no new mappings
};

constexpr u64 MAPPINGS_PER_PAGE = 32; // of the slab

err_t space_create(struct quota *quota, struct space *_Nullable *_Nonnull out);
void space_put(struct space *space); // one user less; of the last one: drains what is left, frees
// Removes mappings and tables, if it has only one user. True: all of them, or there are others.
bool space_drain(struct space *space, u32 steps);
err_t space_map(struct space *space, struct memory *_Nullable memory, u64 address, u64 size,
	u64 offset, u32 flags, u32 allowed, u64 *mapped); // address 0: choose
err_t space_unmap(struct space *space, u64 address, u64 size);
// What is mapped throughout [from, from + size) goes to an address where nothing is.
err_t space_move(struct space *space, u64 from, u64 size, u64 to);
// Private memory without a handle in the range reads as zeros again; a bounded part, then
// SYSCALL_RESTART.
err_t space_discard(struct space *space, u64 address, u64 size);
err_t space_protect(struct space *space, u64 address, u64 size, u32 flags);
err_t space_fork(struct space *from, struct quota *quota, struct space *_Nullable *_Nonnull out);
// Makes the page at address present for this access. access: enum map_flags read/write/exec.
// ERR_FAULT: no such mapping or access; ERR_PAGE_NEEDED: *memory, *index say which page (reference
// on *memory is handed to the caller); ERR_RANGE/ERR_IO: bus error.
err_t space_fault(struct space *space, u64 address, u32 access,
	struct memory *_Nullable *_Nonnull memory, u64 *index);
// The frame behind a user address, made present; a reference on it is the caller's. Any space.
err_t space_page(struct space *space, u64 address, u32 access, paddr_t *out);
// Which (memory, offset) is at this address: futex key. Reference handed to the caller.
err_t space_resolve(
	struct space *space, u64 address, struct memory *_Nullable *_Nonnull out, u64 *offset);
// The first mapping that ends after an address. False: none.
struct mapping_info;
bool space_mapping_info(struct space *space, u64 address, struct mapping_info *out);
// Kernel copies between a buffer in the current space and another space or object: see copy.c
err_t space_copy(
	struct space *other, u64 other_address, struct user_span mine, bool to_other, u64 *done);
// Page fault of the current thread (trap.c): resolves it, parks the thread, or raises thread_fault.
void space_fault_current(u64 address, u32 access, bool was_present);
void space_activate(struct space *space); // loads its tables on this CPU if others are loaded

NONNULL_END
