// SPDX-License-Identifier: MIT
// memory.h - memory objects: pages in a 64-way radix tree. A page is a frame; copy-on-write clones
// share frames (frame.sharers > 1) and copy on the first write. Each object charges its quota for
// every page it holds, shared or not, and for the tree's nodes. Kinds: anonymous (absent = zero),
// contiguous, physical (no frames of ours), pager (absent = ask the port). Lock: memory->lock.
#pragma once

#include "abi/memory.h"
#include "kernel/memory/address.h"
#include "kernel/memory/radix.h"
#include "kernel/memory/user.h"
#include "kernel/object/port.h"

NONNULL_BEGIN

struct space;

enum page_flag : u64 { PAGE_LARGE = 1 }; // low bits of a slot: part of an unbroken 2 MiB block

struct memory {
	struct object object;
	struct spinlock lock; // RANK_MEMORY; RANK_MEMORY_CLONE when it has a parent, taken after its
	u8 kind;              // enum memory_kind
	u8 flags;             // enum memory_flags
	bool has_large;       // large pages may be mapped
	bool has_foreign;     // the zero page or pages of the parent may be mapped
	bool is_growing;      // a write fills pages beyond the length
	bool is_shown_twice;  // by mappings that are not pieces of one, now or once
	u64 size;             // bytes, page multiple: where the pages end
	u64 length;           // bytes, for who reads and writes; written under lock
	u64 modified_ns;      // of the last memory_write or change of length
	struct memory_status *_Nullable status; // in a pinned page of the table's
	struct memory *_Nullable table; // reference: pays for that page. It shows no status of its own
	bool is_table;                  // atomic: pages may be pinned so, and none goes any more
	u64 committed;                  // pages held
	u64 dirty;                      // pager: pages written since they were supplied or cleaned
	struct radix pages;
	paddr_t base;         // contiguous, physical
	struct list mappings; // struct mapping.by_memory, under lock
	struct memory
		*_Nullable parent; // of a clone of pager memory: reference; absent pages come from it
	u64 parent_offset;
	u64 parent_pages;             // so many come from it, what is beyond is zeros
	struct list_node clone_node;  // in parent->clones, under the parent's lock
	struct list clones;           // whose mappings may show our pages
	struct port *_Nullable pager; // reference
	u64 pager_key;
	struct list_node pager_node; // in pager->pagers, under the port's lock
	struct notice page_notice;
	struct list page_waiters; // struct thread.wait.node (WAIT_PAGE, key = page index), under lock
};
OBJECT_DOWNCAST(memory)

// Size in bytes; physical and contiguous: whole pages.
err_t memory_create_anonymous(
	struct quota *quota, u64 size, struct memory *_Nullable *_Nonnull out);
err_t memory_create_physical(
	struct quota *quota, paddr_t base, u64 size, u32 flags, struct memory *_Nullable *_Nonnull out);
// Zeroed, up to 4 MiB.
err_t memory_create_contiguous(
	struct quota *quota, u64 size, u32 flags, struct memory *_Nullable *_Nonnull out);
err_t memory_create_pager(struct quota *quota, u64 size, struct port *port, u64 key,
	struct memory *_Nullable *_Nonnull out);

// The frame of a page, for reading or (private to this object, dirty) for writing; a reference is
// taken on it for the caller. lock is taken inside. ERR_RANGE beyond the size; ERR_PAGE_NEEDED: a
// pager must supply it; ERR_IO: it failed; ERR_QUOTA, ERR_NO_MEMORY; ERR_UNSUPPORTED: not RAM.
err_t memory_page(struct memory *memory, u64 index, bool for_write, paddr_t *out);
// After writing to such a page: false when the pager has taken it back or cleaned it meanwhile, so
// that what was written may be lost and must be written again.
bool memory_page_written(struct memory *memory, u64 index, paddr_t frame);
// Called by the port when it delivers NOTICE_PAGES: next range nobody was told of. False: none
// left.
bool memory_next_request(struct memory *memory, u64 *offset, u64 *size, bool *is_write);
// The port was closed: nobody will ever supply pages, all that wait for them fail. No lock is held.
void memory_port_closed(struct port *port);
static inline struct memory *memory_of_notice(struct notice *notice)
{
	return container_of(notice, struct memory, page_notice);
}
// Revocation: all mappings made so far are dead (their epoch is), and nothing of it stays mapped.
// The object's epoch has been raised before. No lock is held. False: again, there is more.
bool memory_unmap_revoked(struct memory *memory);
// Kernel copies between an object and a kernel buffer, no waiting.
err_t memory_copy_in(struct memory *memory, u64 offset, const void *from, usize size);

NONNULL_END
