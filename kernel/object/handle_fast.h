// SPDX-License-Identifier: MIT
// handle_fast.h - the lookup of the IPC fast path, inline. Null: the slow way (handle_lookup) finds
// out what is wrong. An entry's tag holds generation, kind and rights in one word, so one
// comparison checks all three; it is read again after the object, because another thread of the
// process may close the handle and reuse the slot meanwhile (writers: handle.c).
#pragma once

#include "kernel/object/handle.h"

NONNULL_BEGIN

static inline struct object *_Nullable handle_fast(
	const struct handle_table *table, u64 raw, enum object_kind kind, u32 rights)
{
	u32 slot = (u32)raw & HANDLE_SLOT_MASK;
	if (UNLIKELY(slot >= atomic_load_acquire(&table->limit))) // pairs with add_chunk
		return nullptr;
	const struct handle_entry *entry = handle_entry_at(table, slot);
	u32 tag = atomic_load_acquire(&entry->tag); // pairs with handle_publish
	u32 kind_mask = kind == OBJECT_ANY ? 0 : HANDLE_KIND_MASK;
	u32 mask = HANDLE_GENERATION_MASK | kind_mask | rights;
	u64 wanted = (raw & ~(u64)HANDLE_SLOT_MASK) | (u32)kind << HANDLE_KIND_SHIFT | rights;
	if (UNLIKELY((tag & mask) != wanted)) // also when raw has bits above 32
		return nullptr;
	struct object *object = atomic_load_relaxed(&entry->object);
	u32 epoch = atomic_load_relaxed(&entry->epoch);
	atomic_fence_acquire();
	if (UNLIKELY(atomic_load_relaxed(&entry->tag) != tag)) // pairs with handle_publish
		return nullptr;
	// A tag with a kind stands for an object; for any kind the slot may be free.
	if (kind == OBJECT_ANY && !object)
		return nullptr;
	return LIKELY(epoch == atomic_load_relaxed(&object->epoch)) ? object : nullptr;
}

NONNULL_END
