// SPDX-License-Identifier: MIT
// handle.h - a process's handle table: slot -> object, rights, generation, epoch.
// Lookups take no lock: entries are written so that a reader sees an old or a new one, and objects
// outlive every kernel entry that was under way when they were dropped (grace.h). Changes take
// table->lock. Table pages are charged to the process's quota, and each used slot as one handle.
#pragma once

#include "kernel/object/object.h"
#include "lib/base/atomic.h"
#include "lib/base/unsafe.h"

NONNULL_BEGIN

constexpr u32 HANDLE_SLOT_BITS = 20, HANDLE_SLOT_MASK = (1u << HANDLE_SLOT_BITS) - 1;
constexpr u32 HANDLE_GENERATION_MASK = ~HANDLE_SLOT_MASK;
constexpr u32 HANDLE_KIND_SHIFT = 16; // in an entry's tag
constexpr u32 HANDLE_KIND_MASK = 15u << HANDLE_KIND_SHIFT, HANDLES_PER_CHUNK = 128;
constexpr u32 HANDLE_CHUNKS = 512; // so 65,536 handles a process
static_assert(RIGHTS_ALL < 1u << HANDLE_KIND_SHIFT && OBJECT_KINDS <= 16);

struct handle_entry {
	struct object *_Nullable object; // owned counted reference; null: free
	u32 tag;       // generation (12 bits, never 0), kind, rights; generation only while free
	u32 epoch;     // the object's when the handle was made
	u32 sequence;  // of uses of this slot; its low 12 bits are the generation
	u32 next_free; // slot, while free
	u64 reserved;
};
static_assert(sizeof(struct handle_entry) == 32);

struct handle_table {
	struct handle_entry *_Nullable *_Nullable chunks; // HANDLE_CHUNKS pointers: one page, owned
	struct spinlock lock;                             // RANK_HANDLES
	struct quota *quota;                              // borrowed from the process
	u32 limit;                                        // atomic: slots that have memory
	u32 first_free; // queue of free slots: reused as late as possible
	u32 last_free;
	u32 used;
	u32 drained;    // slots below are closed (handle_table_drain)
	bool is_closed; // under lock: being drained, nothing goes in any more
};

// A handle on its way between tables: keeps the object's meaning alive as a handle does.
struct handle_item {
	struct object *_Nullable object; // owned counted reference
	u32 rights;
	u32 epoch;
};

// A slot below table->limit.
ALWAYS_INLINE struct handle_entry *handle_entry_at(const struct handle_table *table, u32 slot)
{
	UNSAFE_BEGIN("slot was compared with the limit")
	return &table->chunks[slot / HANDLES_PER_CHUNK][slot % HANDLES_PER_CHUNK];
	UNSAFE_END
}

err_t handle_table_init(struct handle_table *table, struct quota *quota);
// Closes up to limit handles; true when the table is empty and its memory is released.
bool handle_table_drain(struct handle_table *table, u32 limit);
// Only replies and handles to this object; the rest stays.
bool handle_table_drain_own(
	struct handle_table *table, const struct object *_Nullable own, u32 limit);
// What is in a table, for what is in one that only the caller knows. Both are of one quota.
void handle_table_swap(struct handle_table *table, struct handle_table *mine);
// All handles of a table that only the caller knows, to one that never had any: ERR_STATE.
err_t handle_table_move(struct handle_table *from, struct handle_table *to) REQUIRES(to -> lock);

// Makes a handle to object (takes its own reference). Errors: ERR_QUOTA, ERR_NO_MEMORY;
// ERR_BAD_HANDLE when the object's last handle was closed already; ERR_GONE when the table is
// being drained (an answer to a caller whose process dies may carry handles).
err_t handle_install(struct handle_table *table, struct object *object, u32 rights, handle_t *out);
// Same, taking over the caller's reference; on an error the reference is dropped.
err_t handle_install_take(
	struct handle_table *table, struct object *object, u32 rights, handle_t *out);
err_t handle_close(struct handle_table *table, handle_t handle);
// All but replies, in parts: SYSCALL_MORE asks for the next. Nobody else sees `to` yet; after an
// error the caller drains it.
err_t handle_clone_table(struct handle_table *from, struct handle_table *to);

// What a live handle says, or an error naming what is wrong. Lock-free; the object is borrowed
// until the kernel is left. Checks: slot and generation (ERR_BAD_HANDLE), epoch (ERR_REVOKED), and
// that it leads to `object`, if it was looked up before.
err_t handle_find(const struct handle_table *table, handle_t handle,
	const struct object *_Nullable object, struct handle_item *out);

// A value as a program passes it. As handle_find, then kind (ERR_WRONG_TYPE) and rights
// (ERR_RIGHTS): take a reference to keep the object longer. OBJECT_ANY without rights only names a
// handle and finds revoked ones too, so that they can be closed.
err_t handle_lookup(struct thread *caller, u64 value, enum object_kind kind, u32 rights,
	struct object *_Nullable *_Nonnull out);

// Second handle in the same table with those of the rights that the first one has.
err_t handle_duplicate(struct handle_table *table, handle_t handle, u32 rights, handle_t *out);
// Passing to another table needs RIGHT_TRANSFER; what arrives has those of `rights` that the handle
// has. Reply handles cannot be passed (ERR_RIGHTS). A handle revoked on its way arrives revoked.
// handle_give does it at once; take and put with any time between, drop gives up on it.
err_t handle_give(
	struct handle_table *from, handle_t handle, u32 rights, struct handle_table *to, handle_t *out);
err_t handle_take(struct handle_table *from, handle_t handle, u32 rights, struct handle_item *out);
err_t handle_put(struct handle_table *table, const struct handle_item *item, handle_t *out);
void handle_drop(struct handle_item *item); // no lock held
// Every handle to the object but this one ends: its epoch moves on.
err_t handle_revoke_others(struct handle_table *table, handle_t handle);

NONNULL_END
