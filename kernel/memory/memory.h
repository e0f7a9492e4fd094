// SPDX-License-Identifier: MIT
// memory.h - memory objects: pages in a 64-way radix tree. A page is a frame; copy-on-write clones
// share frames (frame.references > 1) and copy on the first write. Each object charges its quota
// for every page it holds, shared or not. Kinds: anonymous (absent = zero), contiguous, physical
// (no frames of ours), pager (absent = ask the port). Lock: memory->lock.
#pragma once

#include "kernel/memory/address.h"
#include "kernel/memory/user.h"
#include "kernel/object/port.h"

NONNULL_BEGIN

struct space;
struct radix_node;

enum page_flag : u64 { PAGE_DIRTY = 1, PAGE_ZERO_SHARED = 2, PAGE_FAILED = 4 }; // low bits of a slot

struct memory {
	struct object object;
	struct spinlock lock; // RANK_MEMORY
	u8 kind;              // enum memory_kind
	u8 flags;             // enum memory_flags
	u8 height;            // of the radix tree
	u64 size;             // bytes, page multiple
	u64 committed;        // pages held
	struct radix_node *_Nullable root;
	paddr_t base;         // contiguous, physical
	struct list mappings; // struct mapping.by_memory, under lock
	struct memory *_Nullable parent; // of a clone of pager memory: reference; absent pages come from it
	u64 parent_offset;
	struct port *_Nullable pager; // reference
	u64 pager_key;
	struct notice page_notice;
	struct list page_waiters; // struct thread.wait.node (WAIT_PAGE, key = page index), under lock
};
OBJECT_DOWNCAST(memory)

err_t memory_create_anonymous(struct quota *quota, u64 size, struct memory *_Nullable *_Nonnull out);
err_t memory_create_physical(
	struct quota *quota, paddr_t base, u64 size, u32 flags, struct memory *_Nullable *_Nonnull out);
// Copy-on-write copy of a range; write-protects the source's mappings of it.
err_t memory_clone(struct memory *source, u64 offset, u64 size, struct quota *quota,
	struct memory *_Nullable *_Nonnull out);

// The frame of a page, for reading or (private to this object, dirty) for writing; a reference is
// taken on it for the caller. lock is taken inside. ERR_RANGE beyond the size; ERR_PAGE_NEEDED: a
// pager must supply it; ERR_IO: it failed; ERR_QUOTA, ERR_NO_MEMORY.
err_t memory_page(struct memory *memory, u64 index, bool for_write, paddr_t *out);
// Parks the current thread until the page is there (WAIT_PAGE); afterwards its system call or its
// faulting instruction is done again. Returns SYSCALL_BLOCKED.
err_t memory_wait_page(struct memory *memory, u64 index, bool for_write);
// Called by the port when it delivers NOTICE_PAGES: next range nobody was told of. False: none left.
bool memory_next_request(struct memory *memory, u64 *offset, u64 *size, bool *is_write);
static inline struct memory *memory_of_notice(struct notice *notice) { return container_of(notice, struct memory, page_notice); }
// Kernel copies between an object and a kernel buffer, no waiting.
err_t memory_copy_in(struct memory *memory, u64 offset, const void *from, usize size);

NONNULL_END
