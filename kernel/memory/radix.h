// SPDX-License-Identifier: MIT
// radix.h - a sparse array of page slots: a tree of 64-way nodes, as high as its largest index
// needs. A slot is a frame's address with enum page_flag in its low bits; 0 is absent. Each node
// knows which of its slots are present and which are, or lead to, dirty ones. Locks nothing.
#pragma once

#include "abi/errors.h"
#include "lib/base/attributes.h"
#include "lib/base/bits.h"

NONNULL_BEGIN

constexpr u32 RADIX_BITS = 6, RADIX_HEIGHT_MAX = 6;
constexpr u64 RADIX_INDEX_END = 1ull << (RADIX_BITS * RADIX_HEIGHT_MAX);
constexpr u64 RADIX_NONE = UINT64_MAX;
constexpr u32 RADIX_NODES_PER_PAGE = 7; // of the slab
constexpr u32 RADIX_RUN = 1 << RADIX_BITS;
constexpr u32 RADIX_RUN_NODES = 2 * RADIX_HEIGHT_MAX; // that inserting a run may need

struct radix_node;

struct radix {
	struct radix_node *_Nullable root; // owned
	u32 height;                        // 0: empty
	u64 nodes;
};

u64 *_Nullable radix_find(const struct radix *radix, u64 index); // the present slot
// At an absent index, if that needs no node; else false.
bool radix_insert_easily(struct radix *radix, u64 index, u64 slot);
void radix_set_dirty(struct radix *radix, u64 index, bool is_dirty); // at a present index
bool radix_is_dirty(const struct radix *radix, u64 index);
// The first at or after from, below end; RADIX_NONE.
u64 radix_next(const struct radix *radix, u64 from, u64 end);
u64 radix_next_dirty(const struct radix *radix, u64 from, u64 end);
u64 radix_next_absent(const struct radix *radix, u64 from, u64 end);

// Many slots at once: present ones of one leaf. slot: its array, or one of the same form.
struct radix_run {
	u64 first;   // index of (*slot)[0]
	u64 present; // bits: which of the slots are meant; the others have no meaning
	u64 (*slot)[RADIX_RUN];
};
// The next leaf's in [from, end). False: none is present.
bool radix_next_run(const struct radix *radix, u64 from, u64 end, struct radix_run *out);
u32 radix_remove_run(struct radix *radix, const struct radix_run *run); // how many were dirty
// At absent indices. On ERR_NO_MEMORY run->present are those that did not go in.
err_t radix_insert_run(struct radix *radix, struct radix_run *run);
#define RADIX_RUN_EACH(i, run)                                                                     \
	for (u64 left_ = (run)->present, i; left_ && (i = bits_lowest(left_), true); left_ &= left_ - 1)

NONNULL_END
