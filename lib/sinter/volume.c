// SPDX-License-Identifier: MIT
// volume.c - a leg whose write or flush failed is not used any more: it may hold old blocks. The
// last leg stays, and its error goes to who asked.
#include "lib/sinter/volume.h"

void volume_init(struct sinter *pool, const struct device *devices, u32 count)
{
	assert(count && count <= LEGS_MAX);
	for (u32 i = 0; i < count; i++)
		AT(pool->legs, i) = (struct leg){ .device = ITEM(devices, count, i) };
	pool->leg_count = count;
}

u32 volume_legs(const struct sinter *pool)
{
	u32 legs = 0;
	for (u32 i = 0; i < pool->leg_count; i++)
		legs += !AT(pool->legs, i).is_failed;
	return legs;
}

static void request_ended(struct device_io *io)
{
	struct transfer *transfer = container_of(io, struct transfer, io);
	struct sinter *pool = transfer->pool;
	struct leg *leg = &AT(pool->legs, transfer->leg);
	struct work *work = transfer->work;
	assert(work);
	leg->under_way--;
	work->under_way--;
	transfer->work = nullptr;
	if (io->result == OK)
		return;
	if (io->request == DEVICE_READ) {
		leg->read_errors++;
		work->error = io->result;
	} else if (volume_legs(pool) > 1 || leg->is_failed) {
		leg->is_failed = true;
	} else {
		work->error = io->result;
	}
}

static struct transfer *_Nullable transfer_find(struct sinter *pool)
{
	for (u32 i = 0; i < TRANSFERS; i++)
		if (!AT(pool->transfers, i).work)
			return &AT(pool->transfers, i);
	return nullptr;
}

bool volume_has_room(const struct sinter *pool, u32 requests)
{
	u32 room = TRANSFERS;
	for (u32 i = 0; i < pool->leg_count; i++)
		room -= AT(pool->legs, i).under_way;
	return room >= requests;
}

bool volume_is_crowded(const struct sinter *pool)
{
	return !volume_has_room(pool, TRANSFERS / 2);
}

void volume_submit(struct sinter *pool, struct work *work, u32 leg, struct device_io io)
{
	struct transfer *transfer = transfer_find(pool);
	assert(transfer);
	io.done = request_ended;
	*transfer = (struct transfer){ .io = io, .pool = pool, .work = work, .leg = leg };
	work->under_way++;
	AT(pool->legs, leg).under_way++;
	struct device *device = &AT(pool->legs, leg).device;
	device->ops->submit(device->context, &transfer->io);
}

static bool ask_all(struct sinter *pool, struct work *work, struct device_io io)
{
	if (!volume_has_room(pool, pool->leg_count))
		return false;
	for (u32 i = 0; i < pool->leg_count; i++)
		if (!AT(pool->legs, i).is_failed)
			volume_submit(pool, work, i, io);
	return true;
}

bool volume_write(struct sinter *pool, struct work *work, u64 unit, span_t bytes)
{
	return ask_all(
		pool, work, (struct device_io){ .request = DEVICE_WRITE, .unit = unit, .bytes = bytes });
}

bool volume_flush(struct sinter *pool, struct work *work)
{
	return ask_all(pool, work, (struct device_io){ .request = DEVICE_FLUSH });
}

bool volume_is_busy(const struct sinter *pool)
{
	for (u32 i = 0; i < pool->leg_count; i++)
		if (AT(pool->legs, i).under_way)
			return true;
	return false;
}

void volume_wait(struct sinter *pool)
{
	for (u32 i = 0; i < pool->leg_count; i++) {
		struct leg *leg = &AT(pool->legs, i);
		if (!leg->under_way)
			continue;
		leg->device.ops->wait(leg->device.context);
		return;
	}
}

void volume_wait_for(struct sinter *pool, struct work *work)
{
	while (work->under_way)
		volume_wait(pool);
}

static err_t ask_now(struct sinter *pool, u32 leg, struct device_io io)
{
	struct work work = {};
	while (!volume_has_room(pool, 1))
		volume_wait(pool);
	volume_submit(pool, &work, leg, io);
	volume_wait_for(pool, &work);
	return work.error;
}

err_t volume_read_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes)
{
	return ask_now(
		pool, leg, (struct device_io){ .request = DEVICE_READ, .unit = unit, .bytes = bytes });
}

err_t volume_write_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes)
{
	return ask_now(
		pool, leg, (struct device_io){ .request = DEVICE_WRITE, .unit = unit, .bytes = bytes });
}
