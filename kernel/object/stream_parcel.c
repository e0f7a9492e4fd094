// SPDX-License-Identifier: MIT
// stream_parcel.c - handles that travel with the bytes of a stream. On their way they count as
// handles, and one object is charged to the sender.
// Stream ends in flight must not form a ring in which each keeps the next one alive with nobody
// outside: so a stream that carries stream ends cannot itself be sent, nor over itself. Whatever
// would close a ring would have to send such a stream.
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/object/quota.h"
#include "kernel/object/stream.h"
#include "kernel/sched/thread.h"
#include "lib/base/err.h"

// Counted before the look at the other: of two streams sent over each other at once, at least one
// is refused.
static err_t enter(struct stream_core *core, struct object *object)
{
	if (object->kind != OBJECT_STREAM)
		return OK;
	struct stream_core *other = stream_of(object)->core;
	if (other == core)
		return ERR_STATE;
	atomic_add_acq_rel(&core->carried, 1u);
	atomic_fence_seq_cst(); // pairs with the same place on the other CPU
	if (!atomic_load_seq_cst(&other->carried))
		return OK;
	atomic_sub_acq_rel(&core->carried, 1u);
	return ERR_STATE;
}

static void leave(struct stream_core *core, const struct object *object)
{
	if (object->kind == OBJECT_STREAM)
		atomic_sub_acq_rel(&core->carried, 1u);
}

static err_t take_item(
	struct stream_core *core, struct thread *sender, u32 index, struct handle_item *out)
{
	handle_t handle = { atomic_load_relaxed(&AT(sender->block->handle, index).raw) };
	u32 rights = atomic_load_relaxed(&AT(sender->block->handle_rights, index));
	TRY(handle_take(&sender->process->handles, handle, rights, out));
	struct object *object = out->object;
	assert(object);
	err_t err = enter(core, object);
	if (err != OK)
		handle_drop(out);
	return err;
}

err_t parcel_create(struct stream_core *core, struct thread *sender, u32 count,
	struct stream_parcel *_Nullable *_Nonnull out)
{
	struct quota *quota = sender->process->quota;
	void *memory;
	TRY(quota_alloc(quota, sizeof(struct stream_parcel), &memory));
	struct stream_parcel *parcel = memory;
	parcel->quota = quota;
	err_t err = OK;
	while (err == OK && parcel->count < count) {
		err = take_item(core, sender, parcel->count, &AT(parcel->items, parcel->count));
		parcel->count += err == OK;
	}
	if (err == OK)
		*out = parcel;
	else
		parcel_destroy(core, parcel);
	return err;
}

void parcel_destroy(struct stream_core *core, struct stream_parcel *parcel)
{
	for (u32 i = 0; i < parcel->count; i++) {
		struct handle_item *item = &AT(parcel->items, i);
		struct object *object = item->object;
		assert(object);
		leave(core, object);
		handle_drop(item);
	}
	quota_free(parcel->quota, parcel, sizeof(struct stream_parcel));
}

err_t parcel_install(struct stream_parcel *parcel, struct thread *receiver)
{
	struct handle_table *table = &receiver->process->handles;
	handle_t installed[MESSAGE_HANDLES] = {};
	err_t err = OK;
	u32 done = 0;
	while (done < parcel->count &&
		   (err = handle_put(table, &AT(parcel->items, done), &AT(installed, done))) == OK)
		done++;
	return message_show_handles(receiver, &installed, done, err);
}
