// SPDX-License-Identifier: MIT
// handle.h - a process's handle table: slot -> object, rights, generation, epoch.
// Lookups take no lock: entries are written so that a reader sees an old or a new one, and objects
// outlive every kernel entry that was under way when they were dropped (grace.h). Changes take
// table->lock. Table pages are charged to the process's quota, and each used slot as one handle.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN

constexpr u32 HANDLE_SLOT_BITS = 20;
constexpr u32 HANDLES_PER_CHUNK = 128;
constexpr u32 HANDLE_CHUNKS = 512; // so 65,536 handles a process

struct handle_entry {
	struct object *_Nullable object; // owned reference; null: free
	u32 rights;
	u32 epoch;
	u32 generation; // 12 bits, never 0
	u32 next_free;  // slot, while free
	u64 reserved;
};
static_assert(sizeof(struct handle_entry) == 32);

struct handle_table {
	struct handle_entry *_Nullable *_Nullable chunks; // HANDLE_CHUNKS pointers: one page, owned
	struct spinlock lock;                             // RANK_HANDLES
	struct quota *quota;                              // borrowed from the process
	u32 first_free;
	u32 used;
	u32 chunk_count;
};

err_t handle_table_init(struct handle_table *table, struct quota *quota);
// Closes up to limit handles; true when the table is empty and its memory is released.
bool handle_table_drain(struct handle_table *table, u32 limit);

// Makes a handle to object (takes its own reference). Errors: ERR_QUOTA, ERR_NO_MEMORY.
err_t handle_install(
	struct handle_table *table, struct object *object, u32 rights, handle_t *out);
// Same, taking over the caller's reference; on an error the reference is dropped.
err_t handle_install_take(
	struct handle_table *table, struct object *object, u32 rights, handle_t *out);
err_t handle_close(struct handle_table *table, handle_t handle);
err_t handle_clone_table(struct handle_table *from, struct handle_table *to); // fork; no replies

// The entry of a live handle or an error naming what is wrong. Lock-free; valid until the kernel is
// left. Checks: slot and generation (ERR_BAD_HANDLE), epoch (ERR_REVOKED).
err_t handle_find(
	const struct handle_table *table, handle_t handle, struct handle_entry *_Nullable *_Nonnull out);

// As handle_find, then kind (ERR_WRONG_TYPE) and rights (ERR_RIGHTS). The object is borrowed until
// the kernel is left: take a reference to keep it longer.
err_t handle_lookup(struct thread *caller, handle_t handle, enum object_kind kind, u32 rights,
	struct object *_Nullable *_Nonnull out);

NONNULL_END
