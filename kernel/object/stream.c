// SPDX-License-Identifier: MIT
// stream.c - reading, writing and hanging up. Reserve a part of the ring under core->lock, copy
// without it (user memory may be absent: then nothing has happened yet and the call is done again),
// commit under it. The event bits change under core->lock, so they are exact; who waits for them
// does its call again in its own address space. Not here: handles on their way (stream_parcel.c).
#include "kernel/object/stream.h"

#include "kernel/memory/slab.h"
#include "kernel/object/quota.h"
#include "kernel/object/signal.h"
#include "lib/base/err.h"

static void drop_parcels(struct stream_core *core, struct list *parcels)
{
	struct list_node *node;
	while ((node = list_pop_front(parcels)))
		parcel_destroy(core, container_of(node, struct stream_parcel, node));
}

static void core_put(struct stream_core *core)
{
	if (atomic_sub_acq_rel(&core->references, 1u) != 1)
		return;
	u64 pages = 0;
	for (u32 i = 0; i < COUNT(core->direction); i++) {
		struct stream_direction *direction = &AT(core->direction, i);
		pages += direction->ring.pages;
		drop_parcels(core, &direction->parcels);
		stream_ring_fini(&direction->ring);
	}
	quota_return_pages(core->quota, pages);
	object_put(&core->quota->object);
	slab_free(core, sizeof(struct stream_core));
}

static err_t direction_init(struct stream_core *core, u32 index, u32 capacity)
{
	TRY(quota_charge_pages(core->quota, capacity / PAGE_SIZE));
	err_t err = stream_ring_init(&AT(core->direction, index).ring, capacity);
	if (err != OK)
		quota_return_pages(core->quota, capacity / PAGE_SIZE);
	return err;
}

static err_t core_create(
	struct quota *quota, u32 capacity, bool is_two_way, struct stream_core *_Nullable *_Nonnull out)
{
	void *memory;
	TRY(slab_alloc(sizeof(struct stream_core), &memory));
	struct stream_core *core = memory;
	lock_init(&core->lock, RANK_STREAM);
	core->references = 1;
	object_get(&quota->object);
	core->quota = quota;
	for (u32 i = 0; i < COUNT(core->direction); i++)
		list_init(&AT(core->direction, i).parcels);
	err_t err = direction_init(core, 0, capacity);
	if (err == OK && is_two_way)
		err = direction_init(core, 1, capacity);
	if (err == OK)
		*out = core;
	else
		core_put(core);
	return err;
}

static err_t end_create(struct stream_core *core, u32 side, struct stream *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_STREAM, sizeof(struct stream), core->quota, &object));
	struct stream *stream = stream_of(object);
	atomic_add_relaxed(&core->references, 1u);
	stream->core = core;
	stream->side = side;
	if (AT(core->direction, 1 - side).ring.capacity)
		object->signals = SIGNAL_WRITABLE;
	AT(core->ends, side) = stream;
	*out = stream;
	return OK;
}

err_t stream_create(struct quota *quota, u64 capacity, bool is_two_way,
	struct stream *_Nullable *_Nonnull first, struct stream *_Nullable *_Nonnull second)
{
	if (!capacity || capacity > STREAM_CAPACITY_MAX)
		return ERR_RANGE;
	u32 rounded = (u32)((capacity + PAGE_MASK) & ~PAGE_MASK);
	struct stream_core *core;
	TRY(core_create(quota, rounded, is_two_way, &core));
	err_t err = end_create(core, 0, first);
	if (err == OK) {
		err = end_create(core, 1, second);
		if (err != OK)
			object_put(&(*first)->object);
	}
	core_put(core);
	return err;
}

// core->lock held: gives it up and waits, unless the caller does not want to.
static err_t wait_for(
	struct stream *stream, struct thread *caller, u32 bits, u64 deadline) NO_THREAD_SAFETY_ANALYSIS
{
	if (deadline)
		lock_take(&stream->object.lock);
	lock_give(&stream->core->lock);
	if (!deadline)
		return ERR_WOULD_BLOCK;
	return signal_wait(caller, WAIT_STREAM, &stream->object, bits | SIGNAL_HANGUP, deadline);
}

// Who is to be woken when core->lock was given up: at the end that reads, at the one that writes.
struct wakes {
	struct signal_batch reader, writer;
};

static void deliver(struct wakes *wakes)
{
	signal_deliver(&wakes->reader);
	signal_deliver(&wakes->writer);
}

// core->lock held: an end's bit follows the ring; READABLE is said again for each write (edges).
static void update(
	struct stream *_Nullable stream, u32 bit, bool is_set, struct signal_batch *batch)
{
	*batch = (struct signal_batch){};
	if (!stream)
		return;
	bool was_set = atomic_load_relaxed(&stream->object.signals) & bit;
	bool is_edge =
		is_set && bit == SIGNAL_READABLE && atomic_load_relaxed(&stream->object.binding_count);
	if (is_set != was_set || is_edge)
		signal_change(&stream->object, is_set ? 0 : bit, is_set ? bit : 0, batch);
}

// What one call moves.
struct transfer {
	struct stream_direction *direction;
	u64 address;
	u32 at; // place in the ring
	u32 size;
	struct stream_parcel *_Nullable parcel;
};

static err_t copy(const struct transfer *transfer, bool is_write)
{
	struct stream_ring *ring = &transfer->direction->ring;
	for (u32 done = 0; done < transfer->size;) {
		span_t piece;
		TRY(stream_ring_piece(ring, transfer->at + done, transfer->size - done, &piece));
		u64 address = transfer->address + done;
		if (is_write)
			TRY(user_copy_in((void *)piece.data, address, piece.size));
		else
			TRY(user_copy_out(address, (void *)piece.data, piece.size));
		done += (u32)piece.size;
	}
	return OK;
}

static u32 chunk_of(const struct stream_request *request)
{
	return request->data.size < STREAM_CHUNK ? (u32)request->data.size : STREAM_CHUNK;
}

// OK: so much space behind the used part is the caller's until finish_write. Or it waits.
static err_t reserve_space(struct stream *stream, struct thread *caller,
	const struct stream_request *request, struct transfer *transfer) NO_THREAD_SAFETY_ANALYSIS
{
	struct stream_core *core = stream->core;
	struct stream_direction *direction = transfer->direction;
	u32 size = chunk_of(request);
	err_t err = OK;
	lock_take(&core->lock);
	if (!AT(core->ends, 1 - stream->side))
		err = ERR_CLOSED;
	else if (direction->is_write_busy)
		err = SYSCALL_RESTART; // its owner is copying on another CPU this moment
	u32 space = stream_ring_space(&direction->ring);
	u32 wanted = size <= STREAM_ATOMIC ? size : 1;
	if (err == OK && space < wanted)
		return wait_for(stream, caller, SIGNAL_WRITABLE, request->deadline);
	transfer->size = size < space ? size : space;
	transfer->at = stream_ring_tail(&direction->ring);
	direction->is_write_busy |= err == OK;
	lock_give(&core->lock);
	return err;
}

// core->lock held.
static void commit_write(
	struct stream *stream, const struct transfer *transfer, struct wakes *wakes)
{
	struct stream_direction *direction = transfer->direction;
	struct stream_parcel *parcel = transfer->parcel;
	if (parcel) {
		parcel->position = direction->position + direction->ring.used;
		list_push_back(&direction->parcels, &parcel->node);
	}
	stream_ring_commit(&direction->ring, transfer->size);
	bool is_writable = stream_ring_space(&direction->ring) >= STREAM_ATOMIC;
	update(AT(stream->core->ends, 1 - stream->side), SIGNAL_READABLE, true, &wakes->reader);
	update(stream, SIGNAL_WRITABLE, is_writable, &wakes->writer);
}

static err_t finish_write(struct stream *stream, const struct transfer *transfer, err_t err)
{
	struct stream_core *core = stream->core;
	struct wakes wakes;
	lock_take(&core->lock);
	transfer->direction->is_write_busy = false;
	if (err == OK && !AT(core->ends, 1 - stream->side))
		err = ERR_CLOSED;
	if (err == OK)
		commit_write(stream, transfer, &wakes);
	lock_give(&core->lock);
	if (err == OK)
		deliver(&wakes);
	else if (transfer->parcel)
		parcel_destroy(core, transfer->parcel);
	return err;
}

err_t stream_write(struct stream *stream, struct thread *caller, struct stream_request *request)
{
	struct transfer transfer = {
		.direction = &AT(stream->core->direction, 1 - stream->side),
		.address = request->data.address,
	};
	if (!transfer.direction->ring.capacity)
		return ERR_STATE;
	if (request->handles > MESSAGE_HANDLES || (request->handles && !request->data.size))
		return ERR_INVALID;
	TRY(reserve_space(stream, caller, request, &transfer));
	err_t err = copy(&transfer, true);
	if (err == OK && request->handles)
		err = parcel_create(stream->core, caller, request->handles, &transfer.parcel);
	TRY(finish_write(stream, &transfer, err));
	request->done = transfer.size;
	return OK;
}

// How far a read goes, and the handles it brings: those that came with its first byte. It stops
// before the next byte that has some.
static void plan_read(struct transfer *transfer, u32 size)
{
	struct stream_direction *direction = transfer->direction;
	struct list_node *node = list_first(&direction->parcels);
	struct stream_parcel *parcel = node ? container_of(node, struct stream_parcel, node) : nullptr;
	if (parcel && parcel->position == direction->position) {
		transfer->parcel = parcel;
		node = list_next(&direction->parcels, node);
		parcel = node ? container_of(node, struct stream_parcel, node) : nullptr;
	}
	if (size > direction->ring.used)
		size = direction->ring.used;
	if (parcel && size > parcel->position - direction->position)
		size = (u32)(parcel->position - direction->position);
	transfer->size = size;
	transfer->at = direction->ring.head;
}

// OK: so many of the first bytes are the caller's until finish_read. Or it waits. OK with size 0:
// the end of the stream, or nothing was asked for.
static err_t reserve_data(struct stream *stream, struct thread *caller,
	const struct stream_request *request, struct transfer *transfer) NO_THREAD_SAFETY_ANALYSIS
{
	struct stream_core *core = stream->core;
	struct stream_direction *direction = transfer->direction;
	u32 size = chunk_of(request);
	lock_take(&core->lock);
	if (size && !direction->ring.used && AT(core->ends, 1 - stream->side))
		return wait_for(stream, caller, SIGNAL_READABLE, request->deadline);
	err_t err = direction->is_read_busy ? SYSCALL_RESTART : OK;
	if (err == OK && size && direction->ring.used) {
		plan_read(transfer, size);
		direction->is_read_busy = true;
	}
	lock_give(&core->lock);
	return err;
}

// core->lock held. `orphans`: handles for an end that was closed while it was being read.
static void commit_read(struct stream *stream, const struct transfer *transfer, struct wakes *wakes,
	struct list *orphans)
{
	struct stream_core *core = stream->core;
	struct stream_direction *direction = transfer->direction;
	if (transfer->parcel)
		list_remove(&transfer->parcel->node);
	stream_ring_consume(&direction->ring, transfer->size);
	direction->position += transfer->size;
	bool is_writable = stream_ring_space(&direction->ring) >= STREAM_ATOMIC;
	update(stream, SIGNAL_READABLE, direction->ring.used != 0, &wakes->reader);
	update(AT(core->ends, 1 - stream->side), SIGNAL_WRITABLE, is_writable, &wakes->writer);
	if (!AT(core->ends, stream->side))
		list_append(orphans, &direction->parcels);
}

static err_t finish_read(struct stream *stream, const struct transfer *transfer, err_t err)
{
	struct stream_core *core = stream->core;
	struct wakes wakes;
	struct list orphans;
	list_init(&orphans);
	lock_take(&core->lock);
	transfer->direction->is_read_busy = false;
	if (err == OK)
		commit_read(stream, transfer, &wakes, &orphans);
	lock_give(&core->lock);
	if (err != OK)
		return err;
	deliver(&wakes);
	if (transfer->parcel)
		parcel_destroy(core, transfer->parcel);
	drop_parcels(core, &orphans);
	return OK;
}

err_t stream_read(struct stream *stream, struct thread *caller, struct stream_request *request)
{
	struct transfer transfer = {
		.direction = &AT(stream->core->direction, stream->side),
		.address = request->data.address,
	};
	if (!transfer.direction->ring.capacity)
		return ERR_STATE;
	TRY(reserve_data(stream, caller, request, &transfer));
	request->done = transfer.size;
	request->handles = transfer.parcel ? transfer.parcel->count : 0;
	if (!transfer.size)
		return OK;
	err_t err = copy(&transfer, false);
	if (err == OK && transfer.parcel)
		err = parcel_install(transfer.parcel, caller);
	return finish_read(stream, &transfer, err);
}

static void stream_unreachable(struct object *object)
{
	struct stream *stream = stream_of(object);
	struct stream_core *core = stream->core;
	struct stream_direction *inward = &AT(core->direction, stream->side);
	struct signal_batch batch = {};
	struct list orphans;
	list_init(&orphans);
	lock_take(&core->lock);
	AT(core->ends, stream->side) = nullptr;
	struct stream *peer = AT(core->ends, 1 - stream->side);
	if (!inward->is_read_busy) // otherwise the reader drops them: commit_read
		list_append(&orphans, &inward->parcels);
	if (peer)
		signal_change(&peer->object, 0, SIGNAL_HANGUP, &batch);
	lock_give(&core->lock);
	signal_deliver(&batch);
	drop_parcels(core, &orphans);
}

static void stream_destroy(struct object *object)
{
	struct stream *stream = stream_of(object);
	struct stream_core *core = stream->core;
	lock_take(&core->lock);
	AT(core->ends, stream->side) = nullptr; // if it never had a handle
	lock_give(&core->lock);
	core_put(core);
}

const struct object_class stream_class = {
	.size = sizeof(struct stream),
	.unreachable = stream_unreachable,
	.destroy = stream_destroy,
};
