// SPDX-License-Identifier: MIT
// handle.c - finding, making, passing and closing handles. Readers take no lock: a reader that
// finds the same right tag before and after has seen one whole entry (handle_fast.h does so
// inline). Not here: the slots (handle_table.c).
#include "kernel/object/handle.h"

#include "kernel/object/handle_local.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/sched/thread.h"
#include "lib/base/err.h"

// Takes over the counted item, also on an error.
static err_t insert(struct handle_table *table, struct handle_item *item, handle_t *out)
{
	lock_take(&table->lock);
	err_t err = handle_slot_reserve(table);
	if (err == OK)
		*out = handle_slot_fill(table, item);
	lock_give(&table->lock);
	if (err != OK)
		handle_drop(item);
	return err;
}

err_t handle_install(struct handle_table *table, struct object *object, u32 rights, handle_t *out)
{
	lock_take(&table->lock);
	err_t err = handle_slot_reserve(table);
	if (err == OK) {
		// Counted only now: a first handle that cannot be made must not hang up its object.
		err = object_get_handle(object);
		if (err != OK)
			quota_return_handles(table->quota, 1);
	}
	if (err == OK) {
		struct handle_item item = { object, rights, atomic_load_acquire(&object->epoch) };
		*out = handle_slot_fill(table, &item);
	}
	lock_give(&table->lock);
	return err;
}

err_t handle_install_take(
	struct handle_table *table, struct object *object, u32 rights, handle_t *out)
{
	err_t err = handle_install(table, object, rights, out);
	object_put(object);
	return err;
}

// One consistent look at an entry. False: it is not this handle.
static bool read_entry(const struct handle_entry *entry, handle_t handle, struct handle_item *out)
{
	u32 tag = atomic_load_acquire(&entry->tag);
	if ((tag ^ handle.raw) & HANDLE_GENERATION_MASK || !(tag & HANDLE_KIND_MASK))
		return false;
	out->object = atomic_load_relaxed(&entry->object);
	out->epoch = atomic_load_relaxed(&entry->epoch);
	out->rights = tag & RIGHTS_ALL;
	atomic_fence_acquire();
	return out->object && atomic_load_relaxed(&entry->tag) == tag; // pairs with handle_slot_fill
}

static struct handle_entry *_Nullable entry_of(const struct handle_table *table, handle_t handle)
{
	u32 slot = handle.raw & HANDLE_SLOT_MASK;
	return slot < atomic_load_acquire(&table->limit) ? handle_entry_at(table, slot) : nullptr;
}

static bool is_revoked(const struct handle_item *item)
{
	return item->epoch != atomic_load_acquire(&item->object->epoch);
}

// Under the lock, if the table may be a dying process's.
static err_t look(const struct handle_table *table, handle_t handle, struct handle_item *out)
{
	struct handle_entry *entry = entry_of(table, handle);
	if (!entry || !read_entry(entry, handle, out))
		return ERR_BAD_HANDLE;
	return is_revoked(out) ? ERR_REVOKED : OK;
}

// Any live handle, with a look under the lock when the first one says revoked: object_revoke
// changes the object's epoch and its own handle's one after the other, under the lock.
static err_t find(const struct handle_table *table, handle_t handle, struct handle_item *out)
{
	err_t err = look(table, handle, out);
	if (LIKELY(err != ERR_REVOKED))
		return err;
	struct spinlock *lock = (struct spinlock *)&table->lock;
	lock_take(lock);
	err = look(table, handle, out);
	lock_give(lock);
	return err;
}

err_t handle_find(const struct handle_table *table, handle_t handle,
	const struct object *_Nullable object, struct handle_item *out)
{
	TRY(find(table, handle, out));
	return !object || object == out->object ? OK : ERR_BAD_HANDLE;
}

err_t handle_lookup(struct thread *caller, u64 value, enum object_kind kind, u32 rights,
	struct object *_Nullable *_Nonnull out)
{
	struct handle_item item;
	if (value > UINT32_MAX)
		return ERR_BAD_HANDLE;
	err_t err = find(&caller->process->handles, (handle_t){ (u32)value }, &item);
	bool is_naming = kind == OBJECT_ANY && !rights;
	if (err != OK && !(err == ERR_REVOKED && is_naming))
		return err;
	if (kind != OBJECT_ANY && item.object->kind != kind)
		return ERR_WRONG_TYPE;
	if ((item.rights & rights) != rights)
		return ERR_RIGHTS;
	*out = item.object;
	return OK;
}

// Counts a handle that was found, with the epoch of where it was found.
static err_t hold(struct handle_item *item, u32 rights)
{
	item->rights &= rights;
	return object_get_handle(item->object);
}

err_t handle_duplicate(struct handle_table *table, handle_t handle, u32 rights, handle_t *out)
{
	struct handle_item item;
	TRY(find(table, handle, &item));
	if (!(item.rights & RIGHT_DUP) || item.object->kind == OBJECT_REPLY)
		return ERR_RIGHTS;
	TRY(hold(&item, rights));
	return insert(table, &item, out);
}

static err_t take_locked(
	struct handle_table *from, handle_t handle, u32 rights, struct handle_item *item)
{
	TRY(look(from, handle, item));
	if (!(item->rights & RIGHT_TRANSFER) || item->object->kind == OBJECT_REPLY)
		return ERR_RIGHTS;
	return hold(item, rights);
}

err_t handle_take(struct handle_table *from, handle_t handle, u32 rights, struct handle_item *out)
{
	struct handle_item item;
	lock_take(&from->lock);
	err_t err = take_locked(from, handle, rights, &item);
	lock_give(&from->lock);
	if (err == OK)
		*out = item;
	return err;
}

err_t handle_put(struct handle_table *table, const struct handle_item *item, handle_t *out)
{
	struct handle_item copy = *item;
	TRY(object_get_handle(copy.object));
	return insert(table, &copy, out);
}

void handle_drop(struct handle_item *item)
{
	struct object *object = item->object;
	item->object = nullptr;
	if (object)
		object_put_handle(object);
}

err_t handle_give(
	struct handle_table *from, handle_t handle, u32 rights, struct handle_table *to, handle_t *out)
{
	struct handle_item item;
	TRY(handle_take(from, handle, rights, &item));
	return insert(to, &item, out);
}

err_t handle_close(struct handle_table *table, handle_t handle)
{
	struct handle_item item;
	struct object *object = nullptr;
	lock_take(&table->lock);
	struct handle_entry *entry = entry_of(table, handle);
	if (entry && read_entry(entry, handle, &item))
		object = handle_slot_clear(table, handle.raw & HANDLE_SLOT_MASK);
	lock_give(&table->lock);
	if (!object)
		return ERR_BAD_HANDLE;
	quota_return_handles(table->quota, 1);
	object_put_handle(object);
	return OK;
}

err_t handle_revoke_others(struct handle_table *table, handle_t handle)
{
	struct handle_item item;
	lock_take(&table->lock);
	err_t err = look(table, handle, &item);
	if (err == OK) {
		struct handle_entry *entry = handle_entry_at(table, handle.raw & HANDLE_SLOT_MASK);
		// If another handle's holder revokes at the same time, the later one wins.
		u32 epoch = atomic_add_acq_rel(&item.object->epoch, 1u) + 1;
		atomic_store_relaxed(&entry->epoch, epoch);
	}
	lock_give(&table->lock);
	return err;
}
