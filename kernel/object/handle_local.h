// SPDX-License-Identifier: MIT
// handle_local.h - slots of a handle table, for handle.c. All under table->lock.
#pragma once

#include "kernel/object/handle.h"

NONNULL_BEGIN

err_t handle_slot_reserve(struct handle_table *table); // charges one handle; a free slot is there
// Into a reserved slot; takes over the item's counted reference.
handle_t handle_slot_fill(struct handle_table *table, const struct handle_item *item);
// Empties a slot in use; its counted reference is the caller's. The charge stays.
struct object *handle_slot_clear(struct handle_table *table, u32 slot);

NONNULL_END
